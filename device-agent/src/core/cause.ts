import type { ErrorCode } from '@slipway/protocol';

/**
 * What a trial boot has left behind, as the slot that came back finds it. All of it was cleared before the trial was
 * armed, so whatever is there was left by the trial.
 */
export type Evidence = {
  /** by the initramfs in a variable of the firmware; null: no such variable */
  readonly trial: {
    readonly bootId: string | null;
    readonly stage: 'initramfs' | 'root' | null;
    /** why the root could not be started */
    readonly fail: string | null;
  } | null;
  /** on the data partition: ids of the boot that mounted it, and of the one whose agent was started */
  readonly stages: {
    readonly init: string | null;
    readonly agent: string | null;
    /** why the guest itself gave the boot up */
    readonly fail: string | null;
  };
  /** what the kernel kept of its last words; null: nothing */
  readonly panic: string | null;
  /** the hardware says that the watchdog reset it */
  readonly watchdogReset: boolean;
  /** whether the initramfs of a trial leaves its variable here, so that its absence says something */
  readonly hasFirmwareVariables: boolean;
  /** the end of the logs of that boot */
  readonly log: string;
};

export type Cause = {
  readonly code: Extract<ErrorCode, `TRIAL_${string}`>;
  readonly message: string;
  /**
   * `fault`: of the release, it gets no second chance. `interrupted`: none that is known, it may be tried again.
   * `unseen`: there is no sign that its kernel ever ran; the power may have gone just before it would have left one.
   */
  readonly kind: 'fault' | 'interrupted' | 'unseen';
};

/** Whether anything of the trial ever ran. */
const hasRun = (evidence: Evidence): boolean =>
  evidence.trial !== null ||
  evidence.stages.init !== null ||
  evidence.stages.agent !== null ||
  evidence.stages.fail !== null ||
  evidence.panic !== null ||
  evidence.watchdogReset;

const firstLine = (text: string, pattern: RegExp): string => {
  const found = text.split('\n').find((line) => pattern.test(line)) ?? text;
  return found.trim().slice(0, 300);
};

const causeOfPanic = (panic: string): Cause => {
  const message = firstLine(panic, /Kernel panic/);
  if (/watchdog/i.test(message) || /softdog: Initiating panic/.test(panic))
    return { code: 'TRIAL_WATCHDOG', message: `The watchdog ended the boot: ${message}`, kind: 'fault' };
  if (/dm-verity|unable to mount root/i.test(message))
    return { code: 'TRIAL_INITRAMFS', message: `The root failed: ${message}`, kind: 'fault' };
  return { code: 'TRIAL_PANIC', message, kind: 'fault' };
};

/** How far a boot came, in words. */
const reached = ({ stages, trial }: Evidence, agentStarted: boolean): string => {
  if (agentStarted || stages.agent !== null) return 'after its agent had started';
  if (stages.init !== null) return 'after /data was mounted';
  return trial?.stage === 'root' ? 'after its root was mounted' : 'in the initramfs';
};

/**
 * Why a trial boot ended without a verdict. What is certain comes first; that the power went is what remains where the
 * boot ran and nothing else ended it.
 *
 * @param evidence null: nothing could be read
 * @param agentStarted the agent of the trial had saved that it runs
 */
export const causeOf = (evidence: Evidence | null, agentStarted: boolean): Cause => {
  if (evidence?.panic != null) return causeOfPanic(evidence.panic);
  if (evidence?.trial?.fail != null)
    return { code: 'TRIAL_INITRAMFS', message: evidence.trial.fail, kind: 'fault' };
  if (evidence?.stages.fail != null)
    return { code: 'TRIAL_GATE_FAILED', message: evidence.stages.fail, kind: 'fault' };
  if (evidence?.watchdogReset === true) {
    const message = `The watchdog reset the device ${reached(evidence, agentStarted)}.`;
    return { code: 'TRIAL_WATCHDOG', message, kind: 'fault' };
  }
  if (agentStarted || (evidence !== null && hasRun(evidence))) {
    const when = evidence === null ? 'after its agent had started' : reached(evidence, agentStarted);
    const message = `The boot was cut off ${when}, by no panic, no watchdog and no verdict: the power went.`;
    return { code: 'TRIAL_POWER_LOSS', message, kind: 'interrupted' };
  }
  if (evidence?.hasFirmwareVariables === true) {
    const message =
      'No sign of its kernel: the UKI could not be loaded, or the boot loader did not start it.';
    return { code: 'TRIAL_UKI_UNLOADABLE', message, kind: 'unseen' };
  }
  return {
    code: 'TRIAL_NOT_BOOTED',
    message: 'It left no sign: panic, hang, or no boot at all.',
    kind: 'unseen',
  };
};
