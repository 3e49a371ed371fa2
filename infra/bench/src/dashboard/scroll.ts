import type { Browser } from 'playwright-core';
import { z } from 'zod';
import { newcomer, settled, type Login } from './load.ts';

const NOTCHES = 150;
const NOTCH_PX = 400;
const PAUSE_MS = 40;

/** Runs in the page. */
const WATCH = `globalThis.slipwayLong = [];
new PerformanceObserver((list) => slipwayLong.push(...list.getEntries().map(({ duration }) => duration)))
  .observe({ entryTypes: ['longtask'] });`;

/** Scrolls the table of devices down by the wheel, then back up, while nothing else is done. */
export const scrollDevices = async (browser: Browser, login: Login) => {
  const visitor = await newcomer(browser, login);
  const { page } = visitor;
  await page.goto('/devices');
  await settled(visitor);
  const grid = page.getByRole('grid').or(page.getByRole('table')).first();
  await grid.waitFor();
  const rows = Number(await grid.getAttribute('aria-rowcount'));
  const box = await grid.boundingBox();
  await page.mouse.move((box?.x ?? 0) + 200, (box?.y ?? 0) + 200);
  await page.evaluate(WATCH);
  for (const direction of [1, -1])
    for (let notch = 0; notch < NOTCHES; notch += 1) {
      await page.mouse.wheel(0, direction * NOTCH_PX);
      await page.waitForTimeout(PAUSE_MS);
    }
  const longTasks = z.array(z.number()).parse(await page.evaluate('slipwayLong'));
  await visitor.close();
  return { rows, pixels: 2 * NOTCHES * NOTCH_PX, longTasks };
};
