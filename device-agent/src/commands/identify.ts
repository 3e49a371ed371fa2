import type { AgentConfig } from '../config.ts';
import type { Runtime } from '../runtime/port.ts';

const BLINK_MS = 500;
const DEFAULT_S = 15;
/** LEDs that people look at, best first. */
const PREFERRED = [/status/i, /act/i, /user/i, /led0/i, /power|pwr/i];
/** Lights of the keyboard and of network ports say something else. */
const IGNORED = /::(?:capslock|numlock|scrolllock|kana|compose)$|^mmc\d|phy|eth|enp/i;

/** @returns undefined where there is none that would do */
export const chooseLed = (names: readonly string[]): string | undefined => {
  const usable = names.filter((name) => !IGNORED.test(name)).sort();
  for (const pattern of PREFERRED) {
    const found = usable.find((name) => pattern.test(name));
    if (found !== undefined) return found;
  }
  return usable[0];
};

/** The trigger in brackets is the one that holds: `none [heartbeat] timer`. */
const currentTrigger = (text: string): string => /\[([^\]]+)\]/.exec(text)?.[1] ?? 'none';

/**
 * Makes the device known to whoever stands before it: a line on the console, and an LED that blinks.
 *
 * @returns what was done, for the answer
 */
export const identify = async (
  runtime: Runtime,
  config: Pick<AgentConfig, 'sysDir'>,
  deviceId: string,
  signal: AbortSignal,
  seconds: number = DEFAULT_S,
): Promise<string> => {
  runtime.log(`identify: this is ${deviceId}`);
  const directory = `${config.sysDir}/class/leds`;
  const name = chooseLed(await runtime.files.list(directory));
  if (name === undefined) return 'said on the console; the device has no LED';
  const led = `${directory}/${name}`;
  const text = async (file: string): Promise<string> =>
    new TextDecoder().decode((await runtime.files.read(`${led}/${file}`)) ?? new Uint8Array()).trim();
  const [trigger, brightness] = [currentTrigger(await text('trigger')), await text('brightness')];
  const full = (await text('max_brightness')) || '1';
  await runtime.files.poke(`${led}/trigger`, 'none');
  try {
    const until = runtime.time.uptime() + seconds;
    for (let on = true; runtime.time.uptime() < until && !signal.aborted; on = !on) {
      await runtime.files.poke(`${led}/brightness`, on ? full : '0');
      await runtime.time.sleep(BLINK_MS, signal);
    }
  } finally {
    await runtime.files.poke(`${led}/brightness`, brightness || '0');
    await runtime.files.poke(`${led}/trigger`, trigger);
  }
  return `said on the console; ${name} blinked for ${seconds} s`;
};
