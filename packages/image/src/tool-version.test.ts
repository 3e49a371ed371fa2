import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { TOOL_VERSION } from './tool-version.ts';

test('documents name the version that the package has', () => {
  const text = readFileSync(join(import.meta.dirname, '..', 'package.json'), 'utf8');
  expect(TOOL_VERSION).toBe(z.object({ version: z.string() }).parse(JSON.parse(text)).version);
});
