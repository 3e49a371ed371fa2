import { messageOf, type WatchdogReport } from '@slipway/protocol';
import type { AgentConfig } from '../config.ts';
import type { Runtime } from '../runtime/port.ts';

const FEED_MS = 10_000;

/**
 * The hardware watchdog. The initramfs has opened it once, with a time and without a way back, so that whatever hangs
 * from there on ends in a reset.
 */
export type Watchdog = {
  /** null: there is none */
  readonly report: () => WatchdogReport | null;
  /** Feeds it every 10 s as long as `mayFeed` says so, until the signal comes. */
  readonly run: (mayFeed: () => boolean, signal: AbortSignal) => Promise<void>;
};

/** CARDRESET of the kernel's watchdog API: the last boot ended in a reset by the watchdog. */
const CARD_RESET = 0x20;

export const openWatchdog = async (
  runtime: Pick<Runtime, 'files' | 'time' | 'log'>,
  config: Pick<AgentConfig, 'devDir' | 'sysDir'>,
): Promise<Watchdog> => {
  const attributes = `${config.sysDir}/class/watchdog/watchdog0`;
  const attribute = async (name: string): Promise<string> => {
    const bytes = await runtime.files.read(`${attributes}/${name}`).catch(() => undefined);
    return new TextDecoder().decode(bytes ?? new Uint8Array()).trim();
  };
  // Looked for first: to write where there is no device would make a file.
  const exists = (await runtime.files.list(config.devDir)).includes('watchdog');
  const report: WatchdogReport | null = exists
    ? {
        identity: (await attribute('identity')) || 'unknown',
        ...(Number(await attribute('timeout')) > 0 ? { timeout: Number(await attribute('timeout')) } : {}),
        hasReset: (Number(await attribute('bootstatus')) & CARD_RESET) !== 0,
      }
    : null;
  runtime.log(
    report === null
      ? 'no watchdog: a hang ends only when somebody cuts the power'
      : `watchdog: ${report.identity}, ${report.timeout ?? '?'} s`,
  );

  const feed = async (): Promise<string> => {
    try {
      // Opened and closed each time, never with the letter V: it goes on counting whatever becomes of this process.
      await runtime.files.poke(`${config.devDir}/watchdog`, '.');
      return 'fed';
    } catch (error) {
      return `not fed: ${messageOf(error)}`;
    }
  };

  return {
    report: () => report,
    run: async (mayFeed, signal) => {
      if (report === null) return;
      let said = 'fed';
      while (!signal.aborted) {
        const done = mayFeed()
          ? await feed()
          : 'not fed: the loop of the agent hangs, or its trial has failed';
        if (done !== said) runtime.log(`watchdog: ${done}`);
        said = done;
        await runtime.time.sleep(FEED_MS, signal);
      }
    },
  };
};
