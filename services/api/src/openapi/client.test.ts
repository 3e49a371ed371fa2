import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { generateClient } from '@slipway/client/generate';
import { beforeAll, expect, test } from 'vitest';
import type { Document } from './document.ts';
import { describeApi } from './write.ts';

const client = (path: string): string =>
  fileURLToPath(new URL(`../../../../packages/client/${path}`, import.meta.url));
const COMMAND = 'npm run client -w packages/client';

let document: Document;
beforeAll(async () => {
  document = await describeApi();
});

test(`the document is that of the routes; otherwise run "${COMMAND}" and commit what it writes`, async () => {
  expect(JSON.parse(await readFile(client('openapi.json'), 'utf8'))).toEqual(document);
});

test(`the client is that of the document; otherwise run "${COMMAND}" and commit what it writes`, async () => {
  const file = client('src/generated.ts');
  expect(await readFile(file, 'utf8')).toBe(await generateClient(document, file));
});

test('every route has a summary, a tag and a name', () => {
  const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));
  expect(operations.length).toBeGreaterThan(20);
  const poor = operations.filter(
    ({ summary, tags, operationId }) =>
      summary.length < 5 || summary.endsWith('.') || tags.length !== 1 || operationId === undefined,
  );
  expect(poor).toEqual([]);
});
