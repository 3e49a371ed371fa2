import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import type { Instance } from './instance.ts';
import { PASSWORD } from './life.ts';
import { screensOf } from './screens.ts';
import { visit } from './visit.ts';

const SIZES = {
  wide: { width: 1440, height: 900 },
  narrow: { width: 390, height: 844 },
} as const;
const SCHEMES = ['light', 'dark'] as const;

/** What is on its way has come, and what moves has come to rest. */
const settle = async (page: Page): Promise<void> => {
  await page.locator('[aria-busy=true]').first().waitFor({ state: 'detached' });
  await page.evaluate('document.fonts.ready');
  await page.waitForTimeout(400);
  // On a machine that is busy colours of another scheme may not be drawn yet: the second frame is after all of them.
  await page.evaluate('new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))');
};

type Options = {
  readonly out: string;
  /** part of the names of the screens that are wanted */
  readonly only: string;
  readonly say: (line: string) => void;
  /** puts something into the empty instance */
  readonly liven: () => Promise<void>;
};

/** @returns how many were written */
export const takeScreenshots = async (
  browser: Browser,
  instance: Instance,
  { out, only, say, liven }: Options,
): Promise<number> => {
  let count = 0;
  const take = async (name: string, page: Page): Promise<void> => {
    for (const [size, viewport] of Object.entries(SIZES)) {
      await page.setViewportSize(viewport);
      for (const scheme of SCHEMES) {
        await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
        await page.locator(`html[data-mantine-color-scheme="${scheme}"]`).waitFor({ state: 'attached' });
        await settle(page);
        await page.screenshot({ path: join(out, `${name}-${scheme}-${size}.png`) });
        count += 1;
      }
    }
    await page.setViewportSize(SIZES.wide);
  };

  const stranger = await visit(browser, instance.url, { viewport: SIZES.wide });
  await stranger.page.goto('/');
  await stranger.page.getByRole('heading', { level: 1 }).waitFor();
  if ('first-user'.includes(only)) await take('first-user', stranger.page);
  await stranger.close();
  await liven();
  const visitor = await visit(browser, instance.url, { viewport: SIZES.wide });
  const { page } = visitor;
  await page.goto('/');
  await page.getByRole('heading', { level: 1 }).waitFor();
  if ('login'.includes(only)) await take('login', page);
  await visitor.logIn('anna', PASSWORD);
  for (const { name, path } of await screensOf(instance.client)) {
    if (!name.includes(only)) continue;
    say(name);
    await page.goto(path);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await take(name, page);
  }
  for (const fault of visitor.faults()) say(`FAULT ${fault}`);
  await visitor.close();
  return count;
};
