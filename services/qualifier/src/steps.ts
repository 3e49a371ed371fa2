import {
  isErrorCode,
  isTerminal,
  SlipwayError,
  type ErrorCode,
  type QualificationStep,
  type QualificationTiming,
  type Status,
} from '@slipway/protocol';

/** What a step waits for. */
const WANTED: Readonly<Record<QualificationStep, string>> = {
  boot: 'the device to start, come online and be healthy',
  interrupted: 'the device to take the new release and start it for trial',
  rollback: 'the device, whose trials lose power, to give the release up and be healthy on the one before',
  update: 'the device to take the new release once more',
  commit: 'the new release to be committed, and healthy',
};
export const wantedIn = (step: QualificationStep): string => WANTED[step];

/**
 * What an execution came to that should have come to something else.
 *
 * @returns undefined while it goes on, or where it ended as it should
 */
export const wrongEnd = (
  statuses: readonly Status[],
  wanted: 'COMMITTED' | 'ROLLED_BACK',
): SlipwayError | undefined => {
  const end = statuses.find(({ state }) => isTerminal(state));
  if (end === undefined || end.state === wanted) return undefined;
  const code: ErrorCode = isErrorCode(end.code) ? end.code : 'QUALIFICATION_FAILED';
  return new SlipwayError(
    code,
    `expected the update to end ${wanted}, found ${end.state}: ${end.message ?? end.code ?? 'the device gave no reason'}`,
  );
};

const rounded = (seconds: number): number => Math.max(0, Math.round(seconds * 100) / 100);

/** Times steps, one after the other. @param now and processor are in seconds */
export const timedSteps = (now: () => number, processor: () => Promise<number>) => {
  const done: QualificationTiming[] = [];
  return {
    done,
    time: async (step: QualificationStep, work: () => Promise<void>): Promise<void> => {
      const [began, used] = [now(), await processor()];
      try {
        await work();
      } finally {
        done.push({
          step,
          seconds: rounded(now() - began),
          // Where the machine is gone, so is what it used.
          cpuSeconds: rounded((await processor()) - used),
        });
      }
    },
  };
};
