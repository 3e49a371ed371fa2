import { SlipwayError } from '@slipway/protocol';
import type { AgentConfig } from '../config.ts';
import type { Runtime } from '../runtime/port.ts';

const MAX_LOG_BYTES = 256 * 1024;
const LOG_NAME = /^([A-Za-z0-9][A-Za-z0-9._-]*)\.log$/;

/** Names of the services whose output is kept. */
export const logNames = async (runtime: Runtime, config: AgentConfig): Promise<readonly string[]> =>
  (await runtime.files.list(`${config.runDir}/log`)).flatMap((name) => LOG_NAME.exec(name)?.[1] ?? []).sort();

/**
 * The last output of a service, with that of the file before it where init has just begun a new one.
 *
 * @throws {SlipwayError} NOT_FOUND
 */
export const readLog = async (runtime: Runtime, config: AgentConfig, service: string): Promise<string> => {
  const names = await logNames(runtime, config);
  if (!names.includes(service)) {
    throw new SlipwayError(
      'NOT_FOUND',
      `Expected the name of a service, found ${JSON.stringify(service)}; there are: ${names.join(', ') || 'none'}.`,
    );
  }
  const path = `${config.runDir}/log/${service}.log`;
  const parts: string[] = [];
  for (const name of [`${path}.1`, path]) {
    const size = await runtime.files.size(name);
    if (size === undefined) continue;
    const file = await runtime.files.open(name, 'read');
    try {
      const from = Math.max(0, size - MAX_LOG_BYTES);
      parts.push(new TextDecoder().decode(await file.read(from, size - from)));
    } finally {
      await file.close();
    }
  }
  return parts.join('');
};
