import { setTimeout as delay } from 'node:timers/promises';

/** One boot as the guest's console tells it, before any agent runs. */
export type Boot = {
  readonly id: string;
  readonly slot: string;
  readonly version: string;
  readonly rootHash: string;
};

const BOOT_LINE = /slipway: boot id=([0-9a-f-]{36}) slot=([ab]) version=(\S+) roothash=([0-9a-f]{64})/g;

/** Every boot of a console's text, in order. */
export const bootsOf = (console: string): Boot[] =>
  [...console.matchAll(BOOT_LINE)].map(([, id = '', slot = '', version = '', rootHash = '']) => ({
    id,
    slot,
    version,
    rootHash,
  }));

/** Body of the page that the device serves, or undefined while it does not. */
export const fetchPage = async (port: number): Promise<string | undefined> => {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(5000) });
    return response.ok ? await response.text() : undefined;
  } catch {
    return undefined;
  }
};

/** Asks the device until its page holds `text`. @returns the page */
export const untilPageHas = async (port: number, text: string, timeoutMs: number): Promise<string> => {
  const end = AbortSignal.timeout(timeoutMs);
  for (;;) {
    const page = await fetchPage(port);
    if (page?.includes(text) === true) return page;
    if (end.aborted)
      throw new Error(
        `expected a page with "${text}" within ${timeoutMs / 1000} s, got ${page ?? 'no answer'}`,
      );
    await delay(500);
  }
};
