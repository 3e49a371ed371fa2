import type { Rollout, Wave, WaveCreate } from '@slipway/protocol';
import { describeDuration } from './duration.ts';
import { table, time } from './table.ts';

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

const limitsOf = ({ count, percent }: Judged): string =>
  [...(count === null ? [] : [`${count}`]), ...(percent === null ? [] : [`${percent} %`])].join(' or ');

/** `1 of 50 (2 %), stops at 5 %` */
const failures = ({ failed, failure }: Wave): string => {
  const share =
    failure.percent === null || failure.of === 0 || failure.now === 0
      ? ''
      : ` (${Math.round((1000 * failure.now) / failure.of) / 10} % of ${failure.of})`;
  // Several waves may be counted together.
  const together = failure.now === failed ? '' : `, ${failure.now} in all`;
  return `${failed}${together}${share}; limit ${limitsOf(failure)}`;
};

const good = ({ healthy, counts, soakSeconds, success }: Wave): string => {
  const committed = counts.COMMITTED ?? 0;
  const held = soakSeconds === 0 ? `${committed}` : `${committed}, ${healthy} soaked`;
  return success === null ? held : `${held}; enough at ${limitsOf(success)}`;
};

/** Since when, or until when, it is as it is. */
const when = (wave: Wave): string => {
  if (wave.finishedAt !== null) return `since ${time(wave.finishedAt)}`;
  if (wave.soakUntil !== null) return `until ${time(wave.soakUntil)}`;
  return wave.startedAt === null ? '' : `since ${time(wave.startedAt)}`;
};

const stateOf = ({ state }: Wave): string => (state === 'pending' ? 'waits for approval' : state);

const openOf = ({ open, offline }: Wave): string =>
  offline === 0 ? `${open}` : `${open} (${offline} offline)`;

const HEADINGS = ['wave', 'who', 'devices', 'open', 'under way', 'committed', 'failed', 'state', ''];
const row = (wave: Wave): string[] => [
  nameOfWave(wave),
  describeWho(wave.who),
  wave.size === null ? '-' : `${wave.size}`,
  openOf(wave),
  `${underWay(wave)}`,
  good(wave),
  failures(wave),
  stateOf(wave),
  when(wave),
];

/** The same below one another, for a terminal that has no room for a table. */
const block = (wave: Wave): string =>
  [
    `${nameOfWave(wave)}: ${describeWho(wave.who)}`,
    `  ${[stateOf(wave), when(wave)].filter((part) => part !== '').join(' ')}`,
    `  ${wave.size ?? 'no'} devices: ${openOf(wave)} open, ${underWay(wave)} under way`,
    `  committed ${good(wave)}`,
    `  failed ${failures(wave)}`,
  ].join('\n');

/** How far the waves are. */
export const waveTable = (waves: readonly Wave[], columns: number | undefined): string => {
  const wide = table(HEADINGS, waves.map(row));
  const fits = columns === undefined || wide.split('\n').every((line) => line.length <= columns);
  return fits ? wide : waves.map(block).join('\n');
};

/** One line for each wave that tells when anything of it changes. */
export const waveLine = (wave: Wave): string =>
  `wave ${nameOfWave(wave)}  ${stateOf(wave)}; ${wave.size ?? 'no'} devices: ${openOf(wave)} open, ${underWay(wave)} under way, ` +
  `${good(wave)} committed, ${wave.failed} failed`;

/** What has to be approved next, if anything has. */
export const openApproval = ({ approvals, waves, state }: Rollout): string | undefined => {
  const next = approvals.find(({ by }) => by === null);
  if (next === undefined) return undefined;
  if (next.what === 'start') return state === 'pending' ? 'the start' : undefined;
  const wave = waves[next.what];
  return wave?.state === 'pending' ? `wave ${nameOfWave(wave)}` : undefined;
};

/** The settings of a rollout's waves that no column has. */
export const describePace = ({
  soakSeconds,
  maxInFlight,
  maxPerMinute,
}: Pick<Rollout, 'soakSeconds' | 'maxInFlight' | 'maxPerMinute'>): string =>
  [
    `${maxInFlight} at once`,
    ...(maxPerMinute === null ? [] : [`${maxPerMinute} a minute`]),
    ...(soakSeconds === 0 ? [] : [`soak ${describeDuration(soakSeconds)}`]),
  ].join(', ');
