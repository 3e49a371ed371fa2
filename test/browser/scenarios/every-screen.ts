import { screensOf } from '@slipway/browser';
import { expect, test } from 'vitest';
import { axeFinds } from '../axe.ts';
import type { World } from '../world.ts';

const NARROW = { width: 390, height: 844 };
const WIDE = { width: 1280, height: 800 };

/** Runs in the page. @returns what sticks out of it, and is not scrolled by a part of its own */
const TOO_WIDE = `(() => {
  const width = document.documentElement.clientWidth;
  const scrolls = (at) => at !== null && at.id !== 'main' && (getComputedStyle(at).overflowX !== 'visible' || scrolls(at.parentElement));
  return [...document.querySelectorAll('#main *')]
    .filter((at) => at.getBoundingClientRect().right > width + 1 && !scrolls(at.parentElement))
    .map((at) => at.outerHTML.slice(0, 120));
})()`;

export const everyScreen = (world: () => World): void => {
  test('axe finds nothing serious, the policy is broken by nobody, and nothing is wider than a telephone', async () => {
    const visitor = await world().visitAs('anna', '/', { viewport: WIDE });
    const { page } = visitor;
    /** Colours and widths go over into one another, if only for some frames. */
    const atRest = () => expect.poll(() => page.evaluate('document.getAnimations().length')).toBe(0);
    const show = async (scheme: 'light' | 'dark'): Promise<void> => {
      await page.emulateMedia({ colorScheme: scheme });
      await page.locator(`html[data-mantine-color-scheme=${scheme}]`).waitFor();
      await atRest();
    };
    const found: string[] = [];
    for (const { name, path } of await screensOf(world().instance.client)) {
      await show('light');
      await page.goto(path);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await page.locator('#main [aria-busy=true]').first().waitFor({ state: 'detached' });
      const tell = (how: string, what: readonly string[]): void =>
        void found.push(...what.map((line) => `${name}, ${how}: ${line}`));
      tell('light', await axeFinds(page));
      await show('dark');
      tell('dark', await axeFinds(page, ['color-contrast']));
      await page.setViewportSize(NARROW);
      await atRest();
      const width = await page.evaluate<number>('document.documentElement.scrollWidth');
      if (width > NARROW.width)
        tell('narrow', [`${width} pixels wide`, ...(await page.evaluate<string[]>(TOO_WIDE)).slice(0, 3)]);
      await page.setViewportSize(WIDE);
    }
    expect([...found, ...visitor.faults()]).toEqual([]);
  });
};
