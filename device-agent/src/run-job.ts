import { messageOf, SlipwayError, type ErrorCode } from '@slipway/protocol';
import type { BootControl } from './boot/boot-control.ts';
import type { Job, JobResult } from './core/index.ts';
import type { HealthMonitor } from './health/monitor.ts';
import type { Installer } from './install/installer.ts';
import type { Runtime } from './runtime/port.ts';

export type JobTools = {
  readonly runtime: Runtime;
  readonly installer: Installer;
  readonly boot: BootControl;
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
  arm: 'BOOT_CONTROL_FAILED',
  reboot: 'INTERNAL',
  judge: 'INTERNAL',
  commit: 'BOOT_CONTROL_FAILED',
} as const satisfies Record<Job['kind'], ErrorCode>;

const REBOOT_RETRY_MS = 10_000;

const perform = async (job: Job, tools: JobTools, signal: AbortSignal): Promise<JobResult> => {
  switch (job.kind) {
    case 'fetch':
      return tools.installer.fetch(job, signal);
    case 'write':
      return tools.installer.write(job, signal);
    case 'place':
      return tools.installer.place(job, signal);
    case 'arm':
      await tools.boot.arm(job.slot);
      return { kind: 'armed' };
    case 'judge':
      return tools.monitor.judge(job, tools.proveBroker, signal);
    case 'commit': {
      const warning = await tools.boot.setDefault(job.slot);
      if (warning !== undefined) tools.runtime.log(warning);
      return { kind: 'committed' };
    }
    case 'reboot':
      tools.runtime.log(`rebooting: ${job.why}`);
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
    const code = error instanceof SlipwayError ? error.code : CODE_OF_JOB[job.kind];
    return { kind: 'failed', code, message: messageOf(error) };
  }
};
