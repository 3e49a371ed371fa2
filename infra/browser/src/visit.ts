import type { Browser, BrowserContextOptions } from 'playwright-core';

/** How long whatever must appear may take, on a machine that is busy. */
const PATIENCE_MS = 45_000;

/** What the browser prints of every answer that refuses: what of it is a fault is told by the answer itself. */
const ANSWER = /^Failed to load resource/;

/** Runs in the page, before anything of its own. */
const TELL_VIOLATIONS = `document.addEventListener('securitypolicyviolation', (event) =>
  slipwayViolation(\`policy \${event.violatedDirective}: \${event.blockedURI} from \${event.sourceFile} at \${location.href}\`));`;

/**
 * Somebody with a browser of their own: cookies, storage and window are nobody else's.
 *
 * @returns `faults`: what the page threw, printed as an error, or was kept from by its policy
 */
export const visit = async (browser: Browser, url: string, options: BrowserContextOptions = {}) => {
  const context = await browser.newContext({ baseURL: url, reducedMotion: 'reduce', ...options });
  context.setDefaultTimeout(PATIENCE_MS);
  const faults: string[] = [];
  const page = await context.newPage();
  await page.exposeFunction('slipwayViolation', (text: string) => void faults.push(text));
  await page.addInitScript(TELL_VIOLATIONS);
  page.on('pageerror', (error) => faults.push(`${page.url()} threw ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error' && !ANSWER.test(message.text()))
      faults.push(`${page.url()} printed ${message.text()}`);
  });
  page.on('response', (response) => {
    const { pathname } = new URL(response.url());
    const status = response.status();
    // A screen shows what the API refuses, and why; files are there, and no answer is a fault of the server's.
    if (status >= 500 || (status >= 400 && !pathname.startsWith('/v1/')))
      faults.push(`${pathname} was answered by ${status}`);
  });
  return {
    page,
    context,
    faults: (): readonly string[] => faults,
    logIn: async (name: string, password: string): Promise<void> => {
      await page.locator('input[autocomplete="username"]').fill(name);
      await page.locator('input[autocomplete="current-password"]').fill(password);
      await page.getByRole('button', { name: 'Log in' }).click();
      await page.getByRole('navigation').first().waitFor({ state: 'attached' });
    },
    close: () => context.close(),
  };
};
export type Visit = Awaited<ReturnType<typeof visit>>;
