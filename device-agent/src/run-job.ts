import { codeOf, messageOf, SlipwayError, type ErrorCode } from '@slipway/protocol';
import type { BootControl } from './boot/boot-control.ts';
import { fullJitter, type Job, type JobResult } from './core/index.ts';
import type { TrialTraces } from './evidence/traces.ts';
import type { HealthMonitor } from './health/monitor.ts';
import type { Installer } from './install/installer.ts';
import type { Runtime } from './runtime/port.ts';

export type JobTools = {
  readonly runtime: Runtime;
  readonly installer: Installer;
  readonly boot: BootControl;
  readonly traces: TrialTraces;
  /** milliseconds that the first failure of a step costs at most; each further one doubles it */
  readonly retryBaseMs: number;
  readonly monitor: HealthMonitor;
  /** whether a message went to the broker and its acknowledgement came back */
  readonly proveBroker: () => Promise<boolean>;
  /** called before the machine goes down */
  readonly leave: () => Promise<void>;
};

/** What stands behind an error of a job that nobody gave a code to: storage, mostly. */
const CODE_OF_JOB = {
  fetch: 'INTERNAL',
  write: 'INSTALL_WRITE_FAILED',
  place: 'INSTALL_WRITE_FAILED',
  wait: 'INTERNAL',
  arm: 'BOOT_CONTROL_FAILED',
  reboot: 'INTERNAL',
  judge: 'INTERNAL',
  commit: 'BOOT_CONTROL_FAILED',
} as const satisfies Record<Job['kind'], ErrorCode>;

const REBOOT_RETRY_MS = 10_000;
const MAX_RETRY_MS = 3_600_000;

/** The loader should have forgotten the one-shot by itself. Where that cannot be seen to, the next boot shows. */
const disarm = async ({ boot, runtime }: JobTools): Promise<void> => {
  await boot.disarm().catch((error: unknown) => {
    runtime.log(`one-shot not taken back: ${messageOf(error)}`);
  });
};

const perform = async (job: Job, tools: JobTools, signal: AbortSignal): Promise<JobResult> => {
  switch (job.kind) {
    case 'fetch':
      return tools.installer.fetch(job, signal);
    case 'write':
      // A loader that still has a one-shot must not come to a slot that is half written.
      await disarm(tools);
      return tools.installer.write(job, signal);
    case 'place':
      return tools.installer.place(job, signal);
    case 'wait': {
      const { runtime, retryBaseMs } = tools;
      await runtime.time.sleep(fullJitter(job.failures, retryBaseMs, MAX_RETRY_MS, runtime.random()), signal);
      return { kind: 'waited' };
    }
    case 'arm':
      // What the trial leaves behind must be its own.
      await tools.traces.clear();
      await tools.boot.arm(job.slot);
      return { kind: 'armed' };
    case 'judge':
      await disarm(tools);
      return tools.monitor.judge(job, tools.proveBroker, signal);
    case 'commit': {
      const warning = await tools.boot.setDefault(job.slot);
      if (warning !== undefined) tools.runtime.log(warning);
      return { kind: 'committed' };
    }
    case 'reboot':
      tools.runtime.log(`rebooting: ${job.why}`);
      if (job.disarm) await disarm(tools);
      await tools.leave();
      return tools.runtime.processes.reboot(await tools.boot.rebootArgument().catch(() => undefined));
    default:
      return job satisfies never;
  }
};

/** @returns undefined where the job was stopped: its result no longer counts */
export const runJob = async (
  job: Job,
  tools: JobTools,
  signal: AbortSignal,
): Promise<JobResult | undefined> => {
  try {
    const result = await perform(job, tools, signal);
    return signal.aborted ? undefined : result;
  } catch (error) {
    if (signal.aborted) return undefined;
    if (job.kind === 'reboot') await tools.runtime.time.sleep(REBOOT_RETRY_MS, signal);
    const known = codeOf(error);
    const code = known === 'DISK_FULL' || error instanceof SlipwayError ? known : CODE_OF_JOB[job.kind];
    return { kind: 'failed', code, message: messageOf(error) };
  }
};
