import type { Client } from '@slipway/client';
import type { Execution, Rollout } from '@slipway/protocol';
import type { Context } from './context.ts';
import { showRollout, type SeenRollout } from './describe-rollout.ts';
import { follow } from './follow.ts';
import { hasPausedItself } from './rollout-end.ts';
import { openScreen } from './screen.ts';
import { waveLine } from './wave-table.ts';

/** Of more devices only the waves are told while it is watched. */
const FEW_DEVICES = 100;

/** @param most of its devices; programs get all */
export const seeRollout = async (client: Client, id: string, most: number): Promise<SeenRollout> => {
  const [rollout, failures, executions] = await Promise.all([
    client.rollouts.get(id),
    client.rollouts.listFailures(id),
    client.rollouts.listExecutions(id).all(most),
  ]);
  return { rollout, failures, executions };
};

const GOES_ON: readonly Rollout['state'][] = ['running', 'paused', 'pending', 'scheduled', 'rolling_back'];

/** Also devices that were in their trial when the rollout stopped, or paused by itself. */
const isMoving = ({ rollout, executions }: SeenRollout): boolean =>
  (GOES_ON.includes(rollout.state) && !hasPausedItself(rollout)) ||
  executions.some(({ state }) => state === 'REBOOTING' || state === 'TRIAL') ||
  (rollout.counts.REBOOTING ?? 0) + (rollout.counts.TRIAL ?? 0) > 0;

/** What is told while nothing is drawn: each device of few, otherwise each wave. */
const linesOf = ({ rollout, executions }: SeenRollout): [name: string, text: string][] => [
  ...(rollout.waves.length < 2
    ? []
    : rollout.waves.map((wave): [string, string] => [`wave ${wave.index}`, waveLine(wave)])),
  ...(executions.length >= FEW_DEVICES ? [] : executions.toReversed().map(deviceLine)),
  ...(rollout.state === 'running' ? [] : [['rollout', stateLine(rollout)] as [string, string]]),
];
const deviceLine = ({ device, state, code }: Execution): [string, string] => [
  device,
  `${device}  ${code === null ? state : `${state} ${code}`}`,
];
const stateLine = ({ id, state, reason }: Rollout): string =>
  `${id}  ${state}${reason === null ? '' : `: ${reason}`}`;

/** Until nothing moves any more by itself. On a terminal it draws what `rollouts show` prints, elsewhere it tells what changes. */
export const watchRollout = async (context: Context, client: Client, id: string): Promise<SeenRollout> => {
  const shown = new Map<string, string>();
  const draw = context.json || context.screen === undefined ? undefined : openScreen(context.screen);
  return follow(context, client, async () => {
    const seen = await seeRollout(client, id, FEW_DEVICES);
    if (!isMoving(seen)) return context.json ? seeRollout(client, id, Number.POSITIVE_INFINITY) : seen;
    if (draw !== undefined) context.out(draw(showRollout(seen, context.screen?.().columns)));
    else if (!context.json)
      for (const [name, text] of linesOf(seen)) {
        if (shown.get(name) !== text) context.err(text);
        shown.set(name, text);
      }
    return undefined;
  });
};
