import { setTimeout as delay } from 'node:timers/promises';
import { fullJitter, type Job, type JobResult } from '@slipway/device-agent/simulation';
import { codeOf, MAX_BLOCK_BYTES, messageOf, type Digest, type ReleaseId } from '@slipway/protocol';
import { fractionOf } from '../random.ts';
import type { Context } from './context.ts';
import { NO_EVIDENCE, type Machine } from './machine.ts';

/** What a job may do to the device that it runs on. */
export type Bench = {
  readonly id: string;
  readonly machine: Machine;
  /** what is being installed */
  readonly wanted: () => { readonly release: ReleaseId; readonly version: string };
  readonly read: (bundle: Digest, offset: number, length: number, signal: AbortSignal) => Promise<void>;
  /** bytes of the bundle that are in place */
  readonly progressed: (bytes: number) => void;
  readonly armed: () => void;
  readonly proveBroker: (signal: AbortSignal) => Promise<boolean>;
  readonly leave: () => Promise<void>;
  /** Comes back up; nothing of before goes on. */
  readonly reboot: () => void;
};

/** As much as the agent asks for to find the manifest. */
const HEAD_BYTES = MAX_BLOCK_BYTES;
const CHUNK_BYTES = 256 * 1024;
const RETRY_BASE_MS = 30_000;
const MAX_RETRY_MS = 3_600_000;
/** Of a trial whose broker does not come; real time, because the broker is real. */
const TRIAL_DEADLINE_MS = 300_000;
/** Of the simulated machine, in seconds. */
const WRITE_S = 2;

const sleep = async (ms: number, signal: AbortSignal): Promise<void> => {
  if (ms > 0) await delay(ms, undefined, { signal });
};

type JobOf<K extends Job['kind']> = Extract<Job, { readonly kind: K }>;

const fetch = async (
  job: JobOf<'fetch'>,
  bench: Bench,
  context: Context,
  signal: AbortSignal,
): Promise<JobResult> => {
  const { download } = context.options;
  const { digest, size } = job.bundle;
  if (download !== 'none') await bench.read(digest, 0, Math.min(HEAD_BYTES, size), signal);
  const ref = context.refOf(job.release, bench.wanted().version, digest);
  if (context.failureOf(bench.id, ref) === 'refuse')
    return {
      kind: 'refused',
      code: 'BUNDLE_SIGNATURE_INVALID',
      message: 'The signature of the manifest is not right (simulated).',
    };
  if (ref.counter > job.floor.counter) return { kind: 'fetched', ref };
  return {
    kind: 'refused',
    code: 'BUNDLE_COUNTER_TOO_LOW',
    message: `Expected a counter above ${job.floor.counter}, found ${ref.counter}; build a new release from the older inputs.`,
  };
};

/** Bytes per second of a device, anywhere between the two on a logarithmic scale. */
const rateOf = (context: Context, id: string): number | undefined => {
  const { rate } = context.options.faults;
  if (rate === undefined) return undefined;
  return rate.min * (rate.max / rate.min) ** fractionOf(context.options.seed, `${id}:rate`);
};

const write = async (
  job: JobOf<'write'>,
  bench: Bench,
  context: Context,
  signal: AbortSignal,
): Promise<JobResult> => {
  bench.machine.oneShot = null;
  bench.machine.contents[job.slot] = null;
  const { digest, size } = job.bundle;
  const { download } = context.options;
  const rate = rateOf(context, bench.id);
  await sleep(context.options.downloadSeconds * 1000, signal);
  let received = download === 'none' ? 0 : Math.min(HEAD_BYTES, size);
  if (download === 'full') {
    for (; received < size; received = Math.min(size, received + CHUNK_BYTES)) {
      const length = Math.min(CHUNK_BYTES, size - received);
      await bench.read(digest, received, length, signal);
      if (rate !== undefined) await sleep(context.waitMs(length / rate), signal);
      bench.progressed(received + length);
    }
  } else if (rate !== undefined) await sleep(context.waitMs(size / rate), signal);
  await sleep(context.waitMs(WRITE_S), signal);
  bench.progressed(size);
  return { kind: 'written', bytesReceived: received, bytesReused: size - received };
};

const judge = async (
  job: JobOf<'judge'>,
  bench: Bench,
  context: Context,
  signal: AbortSignal,
): Promise<JobResult> => {
  const { machine, id } = bench;
  machine.oneShot = null;
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(TRIAL_DEADLINE_MS)]);
  // However fast the simulator is, a trial is longer than a connection takes.
  if (job.broker && !(await bench.proveBroker(deadline)))
    return {
      kind: 'failed',
      code: 'TRIAL_GATE_FAILED',
      message: `broker: expected an acknowledgement, none has come (still so after ${TRIAL_DEADLINE_MS / 1000} s)`,
    };
  await sleep(context.waitMs(context.options.stableSeconds), signal);
  if (context.failureOf(id, machine.contents[machine.slot]) === 'rollBack')
    return { kind: 'failed', code: 'TRIAL_GATE_FAILED', message: 'service:web: simulated to crash' };
  return { kind: 'healthy' };
};

const perform = async (
  job: Job,
  bench: Bench,
  context: Context,
  signal: AbortSignal,
): Promise<JobResult | undefined> => {
  const { machine } = bench;
  switch (job.kind) {
    case 'fetch':
      return fetch(job, bench, context, signal);
    case 'write':
      return write(job, bench, context, signal);
    case 'place':
      machine.contents[job.slot] = context.refOf(
        bench.wanted().release,
        bench.wanted().version,
        job.bundle.digest,
      );
      return { kind: 'placed', bytesReceived: 0, bytesReused: 0 };
    case 'wait':
      await sleep(
        context.waitMs(fullJitter(job.failures, RETRY_BASE_MS, MAX_RETRY_MS, context.random()) / 1000),
        signal,
      );
      return { kind: 'waited' };
    case 'arm':
      machine.evidence = NO_EVIDENCE;
      bench.armed();
      machine.oneShot = job.slot;
      return { kind: 'armed' };
    case 'judge':
      return judge(job, bench, context, signal);
    case 'commit':
      machine.loaderDefault = job.slot;
      machine.oneShot = null;
      return { kind: 'committed' };
    case 'reboot':
      if (job.disarm) machine.oneShot = null;
      await bench.leave();
      bench.reboot();
      return undefined;
    default:
      return job satisfies never;
  }
};

/** @returns undefined where its result counts no more */
export const runJob = async (
  job: Job,
  bench: Bench,
  context: Context,
  signal: AbortSignal,
): Promise<JobResult | undefined> => {
  try {
    await context.turn();
    const result = await perform(job, bench, context, signal);
    return signal.aborted ? undefined : result;
  } catch (error) {
    if (signal.aborted) return undefined;
    return { kind: 'failed', code: codeOf(error), message: messageOf(error) };
  }
};
