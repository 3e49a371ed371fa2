import type { ExecutionState, Rollout } from '@slipway/protocol';
import { time } from './table.ts';
import { nameOfWave, openApproval } from './wave-table.ts';

const BEFORE_TRIAL: readonly ExecutionState[] = [
  'OFFERED',
  'ACCEPTED',
  'DEFERRED',
  'DOWNLOADING',
  'VERIFIED',
  'INSTALLING',
];
const IN_TRIAL: readonly ExecutionState[] = ['REBOOTING', 'TRIAL'];

const sum = ({ counts }: Rollout, states: readonly ExecutionState[]): number =>
  states.reduce((total, state) => total + (counts[state] ?? 0), 0);

const devices = (count: number): string => `${count} ${count === 1 ? 'device' : 'devices'}`;
const sentences = (parts: readonly (string | undefined)[]): string =>
  parts.filter((part) => part !== undefined).join('\n');

const whatNext = (rollout: Rollout): string | undefined => {
  const approval = openApproval(rollout);
  if (approval !== undefined)
    return `It waits for the approval of ${approval} by somebody else than ${rollout.createdBy}: slipway rollouts approve ${rollout.id}`;
  if (rollout.state === 'scheduled') return `It starts at ${time(rollout.startAt)}.`;
  const now = rollout.waves.find(({ state }) => state === 'running' || state === 'soaking');
  if (rollout.waves.length < 2 || now === undefined) return undefined;
  return `It is at wave ${nameOfWave(now)}, of ${rollout.waves.length}.`;
};

export const afterCreate = (rollout: Rollout): string | undefined => whatNext(rollout);

export const afterPause = (rollout: Rollout): string => {
  const going = sum(rollout, [...BEFORE_TRIAL, ...IN_TRIAL]);
  return sentences([
    `Rollout ${rollout.id} is paused: no device is offered ${rollout.version} any more.`,
    going === 0 ? 'None is under way.' : `${devices(going)} under way go on to the end.`,
    `Go on: slipway rollouts resume ${rollout.id}`,
  ]);
};

export const afterResume = (rollout: Rollout): string =>
  sentences([`Rollout ${rollout.id} goes on: it is ${rollout.state}.`, whatNext(rollout)]);

export const afterApproval = (rollout: Rollout): string => {
  const given = rollout.approvals.findLast(({ by }) => by !== null);
  const wave = given === undefined || given.what === 'start' ? undefined : rollout.waves[given.what];
  const what = wave === undefined ? 'the start' : `wave ${nameOfWave(wave)}`;
  return sentences([`Approved: ${what} of ${rollout.id}, ${rollout.version}.`, whatNext(rollout)]);
};

const committedStay = (rollout: Rollout): string | undefined => {
  const committed = rollout.counts.COMMITTED ?? 0;
  if (committed === 0) return undefined;
  return `${devices(committed)} keep ${rollout.version}; to bring them back: slipway rollouts rollback ${rollout.id}`;
};

export const afterAbort = (rollout: Rollout): string => {
  const [taken, trial] = [sum(rollout, BEFORE_TRIAL), sum(rollout, IN_TRIAL)];
  return sentences([
    `Rollout ${rollout.id} is aborted for good; nothing is offered any more.`,
    taken === 0 ? undefined : `From ${devices(taken)} the offer is taken back.`,
    trial === 0 ? undefined : `${devices(trial)} on trial finish it.`,
    committedStay(rollout),
  ]);
};

export const afterRollback = (rollout: Rollout): string => {
  const [committed, trial] = [rollout.counts.COMMITTED ?? 0, sum(rollout, IN_TRIAL)];
  if (rollout.state === 'rolled_back')
    return `Rollout ${rollout.id} is over; no device has committed ${rollout.version}, so none goes back.`;
  return sentences([
    `Rollout ${rollout.id} is over, and ${devices(committed)} that committed ${rollout.version} restart into the release before it: ` +
      `${rollout.maxInFlight} at once; who is offline, once it is back.`,
    trial === 0 ? undefined : `${devices(trial)} on trial finish it first.`,
    `Follow it: slipway rollouts show ${rollout.id} --watch`,
  ]);
};

export const afterLimits = (rollout: Rollout): string =>
  `It holds from now on. What is under way goes on; a threshold that is reached already stops rollout ${rollout.id}.`;
