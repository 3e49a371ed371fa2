import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { generateClient } from './index.ts';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

const file = here('../generated.ts');
const document: unknown = JSON.parse(await readFile(here('../../openapi.json'), 'utf8'));
await writeFile(file, await generateClient(document, file));
