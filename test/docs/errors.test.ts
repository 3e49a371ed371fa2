import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ERRORS } from '@slipway/protocol';
import { describe, expect, test } from 'vitest';
import { errorsPage } from './errors-page.ts';

const root = join(import.meta.dirname, '..', '..');

describe('docs/errors.md', () => {
  test('has a row per code, as the catalogue says (else: npm run docs)', () => {
    expect(readFileSync(join(root, 'docs', 'errors.md'), 'utf8')).toBe(errorsPage());
  });

  test.each(Object.entries(ERRORS))('%s says what happened and how to mend it', (code, row) => {
    expect(code).toMatch(/^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*$/);
    expect(row.meaning).toMatch(/\.$/);
    expect(row.mend).toMatch(/\.$/);
    expect(row.exit).toBeGreaterThan(0);
    expect(row.http).toBeGreaterThanOrEqual(400);
  });
});
