import { visit, type Visit } from '@slipway/browser';
import type { Browser } from 'playwright-core';

/** Whoever measures logs in by the API: the page of the login is not the first screen. */
export type Login = { readonly url: string; readonly name: string; readonly password: string };

/** Logged in, with nothing in the cache and no page open. */
export const newcomer = async (browser: Browser, { url, name, password }: Login): Promise<Visit> => {
  const visitor = await visit(browser, url, { viewport: { width: 1440, height: 900 } });
  await visitor.context.request.post(`${url}/v1/login`, {
    data: { name, password, cookie: true },
    headers: { 'x-slipway-request': '1' },
  });
  return visitor;
};

/** All that the screen asks for is there. */
export const settled = async ({ page }: Visit): Promise<void> => {
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.locator('[aria-busy=true]').first().waitFor({ state: 'detached' });
};

/** @returns paths of scripts and styles that the first screen loads, and what it costs the main thread */
export const loadOnce = async (browser: Browser, login: Login) => {
  const visitor = await newcomer(browser, login);
  const { page, context } = visitor;
  const paths: string[] = [];
  page.on('response', (response) => {
    const { pathname } = new URL(response.url());
    if (/\.(?:js|css)$/.test(pathname)) paths.push(pathname);
  });
  const debug = await context.newCDPSession(page);
  // Time of the thread, not of the clock: others may use the processor, too.
  await debug.send('Performance.enable', { timeDomain: 'threadTicks' });
  await page.goto('/');
  await settled(visitor);
  const { metrics } = await debug.send('Performance.getMetrics');
  const cpuSeconds = metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN;
  await visitor.close();
  return { paths, cpuSeconds };
};

/** How large each is as it is sent to a browser that knows gzip. */
export const gzipSizes = (url: string, paths: readonly string[]) =>
  Promise.all(
    paths.map(async (path) => {
      const answer = await fetch(`${url}${path}`, { headers: { 'accept-encoding': 'gzip' } });
      await answer.arrayBuffer();
      return { path, gzipBytes: Number(answer.headers.get('content-length')) };
    }),
  );
