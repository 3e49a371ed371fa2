import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { ERRORS } from '@slipway/protocol';
import { expect, test } from 'vitest';
import { PAGES } from './pages.ts';

test.each(PAGES.map((page) => [basename(page.path), page] as const))(
  'docs/%s says what the code says (else: npm run docs)',
  (_name, page) => {
    expect(readFileSync(page.path, 'utf8')).toBe(page.text());
  },
);

test.each(Object.entries(ERRORS))('%s says what happened and how to mend it', (code, row) => {
  expect(code).toMatch(/^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*$/);
  expect(row.meaning).toMatch(/\.$/);
  expect(row.mend).toMatch(/\.$/);
  expect(row.exit).toBeGreaterThan(0);
  expect(row.http).toBeGreaterThanOrEqual(400);
});
