import { writeFile } from 'node:fs/promises';
import { Redis } from 'ioredis';
import { pino } from 'pino';
import { operatorApp } from '../operator-app.ts';
import type { Context } from '../routes/context.ts';
import { documentOf, type Document } from './document.ts';

/** Routes are described without being called, so nothing stands behind them. */
const nothing = new Proxy<Record<string, unknown>>(
  {},
  {
    get: (_target, name) => {
      throw new TypeError(`${String(name)} was used while routes were registered, before any request`);
    },
  },
);

/** The document of the API, made without a server. */
export const describeApi = async (): Promise<Document> => {
  const logger = pino({ level: 'silent' });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- whatever a context will hold, it is not there
  const context = new Proxy({}, { get: () => nothing }) as Context;
  const app = await operatorApp(context, new Redis({ lazyConnect: true }), logger, {
    perMinute: 1,
    failedPerMinute: 1,
  });
  try {
    await app.ready();
    return documentOf(app);
  } finally {
    await app.close();
  }
};

const [file] = process.argv.slice(2);
if (import.meta.main && file !== undefined) {
  await writeFile(file, `${JSON.stringify(await describeApi(), null, 2)}\n`);
}
