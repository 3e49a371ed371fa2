import type { Execution, Rollout, RolloutFailures } from '@slipway/protocol';
import { describeDuration } from './duration.ts';
import { describePolicy } from './rollout-policy.ts';
import { facts, size, table, time } from './table.ts';
import { describeLimits } from './threshold.ts';
import { describePace, nameOfWave, openApproval, waveTable } from './wave-table.ts';

const devices = (count: number): string => `${count} ${count === 1 ? 'device' : 'devices'}`;

const tellWait = ({ rollout, devices: count, until }: Rollout['waitsFor'][number]): string =>
  `${rollout}, on ${devices(count)}, until ${time(until)} at most`;

const counted = ({ counts, waiting }: Rollout): string =>
  [
    ...Object.entries(counts),
    ...(waiting === undefined || waiting === 0 ? [] : [['waiting', waiting] as const]),
  ]
    .map(([state, count]) => `${count} ${state}`)
    .join(', ');

/** Which of its waves it is at, where it has several. */
const waveNow = ({ waves, state }: Rollout): string => {
  const now = waves.find((wave) => wave.state !== 'passed');
  if (waves.length < 2 || state === 'completed' || now === undefined) return state;
  return `${state}, wave ${now.index + 1} of ${waves.length}`;
};

const noteOf = (rollout: Rollout): string => {
  const approval = openApproval(rollout);
  if (rollout.reason !== null) return rollout.reason;
  if (approval !== undefined) return `waits for approval of ${approval}`;
  if (rollout.state === 'scheduled') return `starts ${time(rollout.startAt)}`;
  return rollout.waitsFor.length === 0 ? '' : `waits for ${rollout.waitsFor.map(tellWait).join('; ')}`;
};

export const ROLLOUT_HEADINGS = ['rollout', 'class', 'version', 'state', 'created', 'devices', ''];
export const rolloutLine = (rollout: Rollout): string[] => [
  rollout.id,
  rollout.deviceClass,
  rollout.version,
  waveNow(rollout),
  time(rollout.createdAt),
  counted(rollout),
  noteOf(rollout),
];

const approvalLine = (rollout: Rollout, { what, by, at, comment }: Rollout['approvals'][number]): string => {
  const wave = what === 'start' ? undefined : rollout.waves[what];
  const name = wave === undefined ? 'start' : `wave ${nameOfWave(wave)}`;
  if (by === null) return `${name}: not yet`;
  return `${name}: ${by} at ${time(at)}${comment === null ? '' : `, "${comment}"`}`;
};

const ON_FAILURE = { stop: null, pause: 'pauses', rollback: 'devices that committed go back' } as const;

/** How a rollout is meant to go. */
export const rolloutFacts = (rollout: Rollout): string =>
  facts({
    rollout: rollout.id,
    release: rollout.release,
    class: rollout.deviceClass,
    version: rollout.version,
    channel: rollout.channel,
    group: rollout.group,
    query: rollout.query,
    within: rollout.within?.join(', '),
    state: waveNow(rollout),
    reason: rollout.reason,
    'stops at': `${describeLimits(rollout.failureThreshold, rollout.failurePercent)} failed`,
    'on failure': ON_FAILURE[rollout.onFailure],
    'at once': describePace(rollout),
    retries:
      rollout.retries === null
        ? null
        : `${rollout.retries.max}, the first after ${describeDuration(rollout.retries.backoffSeconds)}`,
    penalty: rollout.penaltySeconds === 0 ? null : describeDuration(rollout.penaltySeconds),
    priority: rollout.priority === 50 ? null : rollout.priority,
    policy: describePolicy(rollout.policy),
    approvals: rollout.approvals.map((approval) => approvalLine(rollout, approval)).join('; ') || null,
    starts: rollout.startAt === null ? null : time(rollout.startAt),
    ends: rollout.endAt === null ? null : time(rollout.endAt),
    waiting: rollout.waiting,
    'waits for': rollout.waitsFor.map(tellWait).join('; ') || null,
    created: `${time(rollout.createdAt)}${rollout.createdBy === '' ? '' : ` by ${rollout.createdBy}`}`,
    finished: rollout.finishedAt === null ? null : time(rollout.finishedAt),
  });

const EXECUTIONS = ['device', 'state', 'in place', 'received / reused', 'updated', ''];
const executionLine = (execution: Execution): string[] => [
  execution.device,
  execution.attempt > 1 ? `${execution.state} (${execution.attempt}.)` : execution.state,
  `${size(execution.bytesDone)} of ${size(execution.bytesTotal)}`,
  `${size(execution.bytesReceived)} / ${size(execution.bytesReused)}`,
  time(execution.updatedAt),
  execution.code === null ? '' : `${execution.code}: ${execution.message ?? ''}`,
];

export const executionTable = (executions: readonly Execution[], columns: number | undefined): string =>
  table(EXECUTIONS, executions.map(executionLine), columns);

export const failureTable = (failures: readonly RolloutFailures[], columns: number | undefined): string =>
  table(
    ['failed', 'code', 'such as', ''],
    failures.map(({ code, devices: count, examples }) => [
      `${count}`,
      code,
      examples
        .slice(0, 3)
        .map(({ device }) => device)
        .join(', ') + (count > 3 ? ' …' : ''),
      examples[0]?.message ?? '',
    ]),
    columns,
  );

export type SeenRollout = {
  readonly rollout: Rollout;
  readonly failures: readonly RolloutFailures[];
  /** newest first */
  readonly executions: readonly Execution[];
};

/** Of more devices a list says little. */
const MOST_DEVICES = 50;

const total = ({ counts }: Rollout): number => Object.values(counts).reduce((sum, count) => sum + count, 0);

/** All that there is to see of a rollout; of many devices those that were offered it last. */
export const showRollout = (
  { rollout, failures, executions }: SeenRollout,
  columns: number | undefined,
): string => {
  const shown = executions.slice(0, MOST_DEVICES);
  const more = Math.max(executions.length, total(rollout)) - shown.length;
  return [
    rolloutFacts(rollout),
    ...(rollout.waves.length < 2 ? [] : ['', waveTable(rollout.waves, columns)]),
    ...(failures.length === 0 ? [] : ['', failureTable(failures, columns)]),
    ...(shown.length === 0 ? [] : ['', executionTable(shown, columns)]),
    ...(more > 0 ? [`and ${devices(more)} more: slipway rollouts executions ${rollout.id}`] : []),
  ].join('\n');
};
