import type { Rollout, Wave, WaveCreate } from '@slipway/protocol';
import { describeDuration } from './duration.ts';
import { table, time } from './table.ts';
import { describeLimits } from './threshold.ts';

type Who = Pick<WaveCreate, 'devices' | 'count' | 'percent' | 'query'>;

const NAMED = 3;

/** Who is in a wave, in a few words. */
export const describeWho = ({ devices, count, percent, query }: Who): string => {
  if (devices !== undefined) {
    const more = devices.length - NAMED;
    return `${devices.slice(0, NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  }
  if (count !== undefined) return `${count} ${count === 1 ? 'device' : 'devices'}`;
  if (percent !== undefined) return `until ${percent} %`;
  return query ?? 'everybody left';
};

/** `2 canary` */
export const nameOfWave = ({
  index,
  name,
}: Pick<Wave, 'index'> & { readonly name: string | null }): string =>
  name === null ? `${index + 1}` : `${index + 1} ${name}`;

const ENDED = ['COMMITTED', 'ROLLED_BACK', 'FAILED', 'TIMED_OUT', 'REJECTED', 'CANCELED'];

const underWay = ({ counts }: Wave): number =>
  Object.entries(counts).reduce((sum, [state, count]) => (ENDED.includes(state) ? sum : sum + count), 0);

type Judged = { readonly count: number | null; readonly percent: number | null };

const limitOf = ({ count, percent }: Judged): string => describeLimits(count, percent);

/** `1 (2.4 %)`; several waves may be counted together. */
const failedOf = ({ failed, failure: { now, of } }: Wave): string => {
  const share = now === 0 || of === 0 ? '' : ` (${Math.round((1000 * now) / of) / 10} %)`;
  return now === failed ? `${failed}${share}` : `${failed}, with earlier waves ${now}${share}`;
};

/** Minutes are near enough. */
const at = (iso: string): string => time(iso).slice(0, 16);

/** What it is at, since or until when, and what it takes to go on. */
const stateOf = (wave: Wave): string => {
  const { state, startedAt, soakUntil, finishedAt, success } = wave;
  if (state === 'pending') return 'waits for approval';
  if (finishedAt !== null)
    return [`${state} ${at(finishedAt)}`, ...backOf(wave), ...skippedOf(wave)].join(', ');
  return [
    soakUntil !== null
      ? `${state} until ${at(soakUntil)}`
      : startedAt === null
        ? state
        : `${state} since ${at(startedAt)}`,
    ...(success === null ? [] : [`enough at ${limitOf(success)} healthy`]),
    ...backOf(wave),
    ...(waitsForOffline(wave) ? [`waits for ${wave.offline} offline`] : []),
    ...skippedOf(wave),
  ].join(', ');
};

const backOf = ({ back }: Wave): string[] => {
  if (back === null) return [];
  const { open, offline, done, stuck } = back;
  return [
    `${done} of ${open + done + stuck} back`,
    ...(offline === 0 ? [] : [`${offline} offline`]),
    ...(stuck === 0 ? [] : [`${stuck} did not go back`]),
  ];
};

const skippedOf = ({ skipped = 0 }: Wave): string[] => (skipped === 0 ? [] : [`${skipped} offline left out`]);

const waitsForOffline = (wave: Wave): boolean =>
  wave.state === 'running' && wave.offline > 0 && wave.open === wave.offline && underWay(wave) === 0;

const openOf = ({ open, offline }: Wave): string =>
  offline === 0 ? `${open}` : `${open} (${offline} offline)`;

const isAhead = ({ state, size }: Wave): boolean =>
  (state === 'waiting' || state === 'pending') && size === null;

const HEADINGS = [
  'wave',
  'who',
  'devices',
  'open',
  'under way',
  'committed',
  'healthy',
  'failed',
  'limit',
  'state',
];
const row = (wave: Wave): string[] => [
  nameOfWave(wave),
  describeWho(wave.who),
  ...(isAhead(wave)
    ? ['-', '-', '-', '-', '-', '-']
    : [
        `${wave.size ?? 0}`,
        openOf(wave),
        `${underWay(wave)}`,
        `${wave.counts.COMMITTED ?? 0}`,
        `${wave.healthy}`,
        failedOf(wave),
      ]),
  limitOf(wave.failure),
  stateOf(wave),
];

const headOf = (wave: Wave): string =>
  wave.name === null
    ? `${wave.index + 1} ${describeWho(wave.who)}`
    : `${nameOfWave(wave)} (${describeWho(wave.who)})`;

const numbersOf = (wave: Wave): string =>
  [
    `${wave.size ?? 0} devices: ${openOf(wave)} open`,
    `${underWay(wave)} under way`,
    `${wave.counts.COMMITTED ?? 0} committed`,
    ...(wave.soakSeconds === 0 ? [] : [`${wave.healthy} healthy`]),
    `${failedOf(wave)} failed, limit ${limitOf(wave.failure)}`,
  ].join(', ');

/** The same as a row in words, for a terminal that has no room for a table. */
const block = (wave: Wave): string =>
  `${headOf(wave)}: ${stateOf(wave)}${isAhead(wave) ? '' : `\n  ${numbersOf(wave)}`}`;

/** How far the waves are. */
export const waveTable = (waves: readonly Wave[], columns: number | undefined): string => {
  const wide = table(HEADINGS, waves.map(row));
  const fits = columns === undefined || wide.split('\n').every((line) => line.length <= columns);
  return fits ? wide : waves.map(block).join('\n');
};

/** One line for each wave that tells when anything of it changes. */
export const waveLine = (wave: Wave): string =>
  `wave ${headOf(wave)}  ${stateOf(wave)}${isAhead(wave) ? '' : `; ${numbersOf(wave)}`}`;

/** What has to be approved before anything more happens, if anything has. */
export const openApproval = ({ approvals, waves, state }: Rollout): string | undefined => {
  if (state === 'pending') return 'the start';
  const next = waves.find((wave) => wave.state !== 'passed');
  const isAsked = approvals.some(({ what, by }) => what === next?.index && by === null);
  return state === 'running' &&
    isAsked &&
    next !== undefined &&
    (next.state === 'pending' || next.state === 'waiting')
    ? `wave ${nameOfWave(next)}`
    : undefined;
};

/** How many at once, and what else holds a rollout back. */
export const describePace = ({
  soakSeconds,
  maxInFlight,
  maxPerMinute,
}: Pick<Rollout, 'soakSeconds' | 'maxInFlight' | 'maxPerMinute'>): string =>
  [
    `${maxInFlight}`,
    ...(maxPerMinute === null ? [] : [`${maxPerMinute} a minute`]),
    ...(soakSeconds === 0 ? [] : [`soak ${describeDuration(soakSeconds)}`]),
  ].join(', ');
