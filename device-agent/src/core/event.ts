import type { CommandId, CommandResult, Desired, ErrorCode, Status } from '@slipway/protocol';
import type { BootFacts, Job, ReleaseRef } from './state.ts';

/** What came of a job. */
export type JobResult =
  | { readonly kind: 'fetched'; readonly ref: ReleaseRef }
  /** the bundle must not be installed */
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly message: string }
  | { readonly kind: 'written'; readonly bytesReceived: number; readonly bytesReused: number }
  | { readonly kind: 'placed'; readonly bytesReceived: number; readonly bytesReused: number }
  | { readonly kind: 'armed' }
  | { readonly kind: 'healthy' }
  | { readonly kind: 'committed' }
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly message: string };

/** Times are seconds since 1970 (`now`) or since the kernel started (`uptime`). */
export type Event =
  | { readonly kind: 'started'; readonly facts: BootFacts }
  | { readonly kind: 'connecting' }
  | { readonly kind: 'connected' }
  | { readonly kind: 'disconnected' }
  | { readonly kind: 'desired'; readonly message: Desired; readonly now: number }
  | { readonly kind: 'ack'; readonly seq: number }
  | {
      readonly kind: 'command';
      readonly name: 'reboot' | 'rebirth' | 'rollback';
      readonly id: CommandId;
      readonly retained: boolean;
    }
  | { readonly kind: 'job'; readonly id: number; readonly result: JobResult };

/** Done after the new state is saved; all but `run` may be lost, and `run` is repeated at the next start. */
export type Effect =
  | { readonly kind: 'run'; readonly job: Job }
  /** end the job that runs; its result no longer counts */
  | { readonly kind: 'stop' }
  | { readonly kind: 'status'; readonly status: Status }
  | { readonly kind: 'birth' }
  /** the answer to a command */
  | { readonly kind: 'result'; readonly result: CommandResult }
  | { readonly kind: 'log'; readonly line: string };
