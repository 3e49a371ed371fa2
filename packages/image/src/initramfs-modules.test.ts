import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { INITRAMFS_MODULES } from './drivers.ts';

const source = readFileSync(join(import.meta.dirname, '..', 'early', 'init.c'), 'utf8');

test.each([
  ['efivarfs', /mount_at\("efivarfs"/],
  ['erofs', /mount_at\([^;]*"erofs"/],
  ['dm_verity', /= open_verity\(/],
])('%s is loaded before init.c needs it', (module, use) => {
  const before = source.slice(source.indexOf('void early(void)'), source.search(use));
  const lists = [...before.matchAll(/load_modules\("\/modules\/(\w+)"/g)].map(([, name]) => name);
  const loaded = Object.entries(INITRAMFS_MODULES).flatMap(([name, modules]) =>
    lists.includes(name) ? modules : [],
  );
  expect(loaded).toContain(module);
});
