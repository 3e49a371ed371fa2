import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROUTES } from '@slipway/browser';
import { expect, test } from 'vitest';

const screens = join(import.meta.dirname, '..', '..', 'packages', 'dashboard', 'src', 'screens');

test('every screen of the dashboard is opened, looked at by axe and photographed', () => {
  const routes = globSync('*/screen.ts', { cwd: screens }).flatMap((file) =>
    [...readFileSync(join(screens, file), 'utf8').matchAll(/path: '([^']+)'/g)].map(([, path]) => path),
  );
  expect(routes.length).toBeGreaterThan(10);
  expect(routes.filter((route) => !ROUTES.includes(route ?? ''))).toEqual([]);
});
