import type {
  CommandId,
  CommandResult,
  Desired,
  Digest,
  ErrorCode,
  ExecutionId,
  ReleaseId,
  Status,
} from '@slipway/protocol';
import type { BootFacts, Clock, Job, ReleaseRef } from './state.ts';

/** What came of a job. */
export type JobResult =
  | { readonly kind: 'fetched'; readonly ref: ReleaseRef }
  /** the bundle must not be installed */
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly message: string }
  | { readonly kind: 'written'; readonly bytesReceived: number; readonly bytesReused: number }
  | { readonly kind: 'placed'; readonly bytesReceived: number; readonly bytesReused: number }
  | { readonly kind: 'waited' }
  | { readonly kind: 'armed' }
  | { readonly kind: 'healthy' }
  | { readonly kind: 'committed' }
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly message: string };

/** A bundle in a file, whose head was verified; a person at the device asked for it. */
export type LocalInstall = {
  readonly kind: 'local';
  readonly execution: ExecutionId;
  readonly release: ReleaseId;
  readonly version: string;
  readonly bundle: { readonly digest: Digest; readonly size: number };
  readonly path: string;
  readonly mode: 'install' | 'download';
};

/** What somebody at the device, a person or a program, says to an install that asks for consent. */
export type ConsentAnswer =
  | { readonly kind: 'accept' | 'refuse' }
  /** not before so many seconds have passed; then the question stands again */
  | { readonly kind: 'defer'; readonly seconds: number };

export type Event =
  | { readonly kind: 'started'; readonly facts: BootFacts; readonly clock: Clock }
  | { readonly kind: 'tick'; readonly clock: Clock }
  | { readonly kind: 'connecting' }
  | { readonly kind: 'connected' }
  | { readonly kind: 'disconnected' }
  | { readonly kind: 'desired'; readonly message: Desired; readonly clock: Clock }
  | LocalInstall
  | { readonly kind: 'consent'; readonly execution: ExecutionId; readonly answer: ConsentAnswer }
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
  /** the next boot is to be that of the default */
  | { readonly kind: 'disarm' }
  /** the outcome of the trial is saved, what it left behind may go */
  | { readonly kind: 'clearEvidence' }
  | { readonly kind: 'log'; readonly line: string };

/**
 * Whether what is decided has to be in both copies of the state before it is done, because the one before would be
 * dangerous: where the newer is damaged, a trial that has begun would be judged in a second boot by a loader that keeps
 * its one-shot, and a slot that is being written would count for what it held.
 */
export const savesTwice = (event: Event): boolean =>
  event.kind === 'started' || (event.kind === 'job' && event.result.kind === 'fetched');
