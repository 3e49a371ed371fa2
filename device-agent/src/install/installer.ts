import { SlipwayError, type Digest, type ReleaseFile } from '@slipway/protocol';
import type { Esp } from '../boot/esp.ts';
import type { Blocks } from '../channel/blocks.ts';
import type { AgentConfig } from '../config.ts';
import type { Job, JobResult } from '../core/index.ts';
import type { Runtime } from '../runtime/port.ts';
import { checkHeaders, readHead } from './bundle-head.ts';
import { judgeManifest } from './judge-manifest.ts';
import { placeUki } from './place-uki.ts';
import { preflight } from './preflight.ts';
import { loadPlan, verifyHead, type Plan } from './stored-manifest.ts';
import { writeSlot } from './write-slot.ts';

/** Bytes that are in place, however they came. */
export type InstallProgress = {
  readonly phase: 'DOWNLOADING' | 'INSTALLING';
  readonly bytesDone: number;
  readonly bytesTotal: number;
  readonly bytesReceived: number;
  readonly bytesReused: number;
};

export type InstallContext = {
  readonly runtime: Runtime;
  readonly config: AgentConfig;
  readonly esp: Esp;
  readonly blocks: Blocks;
  readonly device: ReleaseFile;
  readonly onProgress: (progress: InstallProgress) => void;
};

type JobOf<K extends Job['kind']> = Extract<Job, { readonly kind: K }>;

export type Installer = {
  readonly fetch: (job: JobOf<'fetch'>, signal: AbortSignal) => Promise<JobResult>;
  readonly write: (job: JobOf<'write'>, signal: AbortSignal) => Promise<JobResult>;
  readonly place: (job: JobOf<'place'>, signal: AbortSignal) => Promise<JobResult>;
};

/** The three jobs that bring a bundle into the inactive slot. Each may be cut anywhere and run again. */
export const installer = (context: InstallContext): Installer => {
  const { runtime, config, blocks, device } = context;
  /** verified in this process */
  let known: Plan | undefined;
  const time = (floor: number): number => Math.max(runtime.time.now(), floor);

  const readerOf = (bundle: Digest, signal: AbortSignal) => {
    const reader = blocks.reader(bundle, signal);
    return async (offset: number, length: number) => reader.read(offset, length);
  };

  /** Verified again where it comes from the disk, fetched again where it is gone. */
  const planOf = async (bundle: JobOf<'write'>['bundle'], signal: AbortSignal): Promise<Plan> => {
    if (known?.bundle === bundle.digest) return known;
    const at = time(device.timeFloor);
    known = await loadPlan(runtime, config, bundle.digest, at);
    if (known !== undefined) return known;
    const read = readerOf(bundle.digest, signal);
    const head = await readHead(read, bundle.size);
    known = await verifyHead(runtime, config, bundle.digest, head, at);
    await checkHeaders(read, bundle.size, known.manifest, head.payloadAt);
    return known;
  };

  return {
    fetch: async (job, signal) => {
      const read = readerOf(job.bundle.digest, signal);
      try {
        const head = await readHead(read, job.bundle.size);
        const at = time(Math.max(device.timeFloor, job.floor.time));
        const plan = await verifyHead(runtime, config, job.bundle.digest, head, at);
        judgeManifest(plan.manifest, { device, release: job.release, counterFloor: job.floor.counter });
        await checkHeaders(read, job.bundle.size, plan.manifest, head.payloadAt);
        await preflight(context, plan);
        known = plan;
        const { release, version, counter, rootHash, timeFloor } = plan.manifest;
        return { kind: 'fetched', ref: { release, version, counter, rootHash, timeFloor } };
      } catch (error) {
        if (!(error instanceof SlipwayError) || error.code === 'DOWNLOAD_FAILED') throw error;
        return { kind: 'refused', code: error.code, message: error.message };
      }
    },
    write: async (job, signal) => {
      const plan = await planOf(job.bundle, signal);
      const bytes = await writeSlot(context, plan, job.slot, readerOf(plan.bundle, signal), signal);
      return { kind: 'written', ...bytes };
    },
    place: async (job, signal) => {
      const plan = await planOf(job.bundle, signal);
      const bytes = await placeUki(context, plan, job.slot, readerOf(plan.bundle, signal), signal);
      return { kind: 'placed', ...bytes };
    },
  };
};
