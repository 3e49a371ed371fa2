import {
  isErrorCode,
  SlipwayError,
  type ErrorCode,
  type Rollout,
  type RolloutFailures,
  type Wave,
} from '@slipway/protocol';

/** What of a rollout tells how it ended. */
type Ended = Pick<Rollout, 'id' | 'state' | 'reason'> & {
  readonly waves: readonly Pick<Wave, 'state' | 'failure'>[];
};
/** most devices first */
type Failures = readonly Pick<RolloutFailures, 'code' | 'devices'>[];

const isReached = ({ state, failure: { count, percent, now, of } }: Ended['waves'][number]): boolean =>
  state !== 'waiting' &&
  state !== 'pending' &&
  now > 0 &&
  ((count !== null && now >= count) || (percent !== null && now * 100 >= percent * of));

/** So many devices failed that the rollout ended, went back, or paused by itself. */
const isAtThreshold = ({ waves }: Pick<Ended, 'waves'>): boolean => waves.some(isReached);

/** By itself, so that nothing goes on until a person has looked. */
export const hasPausedItself = (rollout: Pick<Ended, 'state' | 'waves'>): boolean =>
  rollout.state === 'paused' && isAtThreshold(rollout);

/** The code that most devices failed with, where it is one of Slipway's; else only that it failed. */
const mostCommon = ([first]: Failures): ErrorCode =>
  isErrorCode(first?.code) ? first.code : 'ROLLOUT_FAILED';

const BY_STATE: Partial<Record<Rollout['state'], ErrorCode>> = {
  aborted: 'ROLLOUT_ABORTED',
  stopped: 'ROLLOUT_ENDED',
  rolled_back: 'ROLLOUT_ROLLED_BACK',
};

const causeOf = (rollout: Ended, failures: Failures): ErrorCode => {
  if (rollout.state === 'aborted') return 'ROLLOUT_ABORTED';
  if (rollout.state === 'paused') return 'ROLLOUT_PAUSED';
  if (isAtThreshold(rollout)) return mostCommon(failures);
  return BY_STATE[rollout.state] ?? 'ROLLOUT_FAILED';
};

const WHAT_NOW: Partial<Record<ErrorCode, string>> = {
  ROLLOUT_PAUSED: 'Look at rollouts failures; then rollouts resume, abort or rollback.',
  ROLLOUT_ABORTED: '',
  ROLLOUT_ENDED: 'Devices are left: roll out to them once more.',
  ROLLOUT_ROLLED_BACK: '',
};

/**
 * How a rollout ended that was waited for.
 *
 * @throws {SlipwayError} unless it completed: with the code that most devices failed with, or ROLLOUT_FAILED,
 *   ROLLOUT_PAUSED, ROLLOUT_ABORTED, ROLLOUT_ENDED, ROLLOUT_ROLLED_BACK
 */
export const refuseBadEnd = (rollout: Ended, failures: Failures): void => {
  const { id, state, reason } = rollout;
  if (state === 'completed') return;
  const code = causeOf(rollout, failures);
  const next = WHAT_NOW[code] ?? `See slipway rollouts failures ${id}.`;
  throw new SlipwayError(
    code,
    [`Rollout ${id} ${state.replaceAll('_', ' ')}${reason === null ? '.' : `: ${reason}.`}`, next]
      .join(' ')
      .trim(),
    {
      details: {
        rollout: id,
        state,
        failures: failures.map(({ code: of, devices }) => ({ code: of, devices })),
      },
    },
  );
};
