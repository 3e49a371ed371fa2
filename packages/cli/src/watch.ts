import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@slipway/client';
import type { Context } from './context.ts';
import { follow } from './follow.ts';
import { openScreen } from './screen.ts';
import { table } from './table.ts';

/** Changes that come faster are shown together. */
const QUIET_MS = 300;

/**
 * Shows something again whenever it has changed, until it is interrupted: in place on a terminal; elsewhere, and for
 * programs, only what is new, line by line.
 *
 * @param parts what is looked at, each with a name that stays
 * @param whole for a terminal
 */
const watch = async <T>(
  context: Context,
  client: Client,
  look: () => Promise<readonly T[]>,
  show: {
    readonly nameOf: (item: T) => string;
    readonly line: (item: T) => string;
    readonly whole: (items: readonly T[], columns: number | undefined) => string;
  },
): Promise<never> => {
  const shown = new Map<string, string>();
  const draw = context.json || context.screen === undefined ? undefined : openScreen(context.screen);
  return follow<never>(context, client, async () => {
    const items = await look();
    if (draw !== undefined) context.out(draw(show.whole(items, context.screen?.().columns)));
    else {
      const gone = new Set(shown.keys());
      for (const item of items) {
        const name = show.nameOf(item);
        gone.delete(name);
        const text = context.json ? JSON.stringify(item) : show.line(item);
        if (shown.get(name) !== text) context.out(text);
        shown.set(name, text);
      }
      for (const name of gone) {
        if (!context.json) context.out(`${name}  gone`);
        shown.delete(name);
      }
    }
    await delay(QUIET_MS, undefined, { signal: context.signal });
    return undefined;
  });
};

/** A list as a table. */
export const watchList = <T extends { readonly id: string }>(
  context: Context,
  client: Client,
  look: () => Promise<readonly T[]>,
  headings: readonly string[],
  line: (item: T) => string[],
): Promise<never> =>
  watch(context, client, look, {
    nameOf: ({ id }) => id,
    line: (item) => line(item).join('  ').trimEnd(),
    whole: (items, columns) => table(headings, items.map(line), columns),
  });

/** One thing. */
export const watchOne = <T extends { readonly id: string }>(
  context: Context,
  client: Client,
  look: () => Promise<T>,
  show: (item: T) => string,
): Promise<never> =>
  watch(context, client, async () => [await look()], {
    nameOf: ({ id }) => id,
    line: show,
    whole: (items) => items.map(show).join('\n'),
  });
