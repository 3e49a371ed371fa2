import { SlipwayError, type ReleaseFile } from '@slipway/protocol';
import type { Esp } from '../boot/esp.ts';
import type { Blocks } from '../channel/blocks.ts';
import type { AgentConfig } from '../config.ts';
import type { Job, JobResult } from '../core/index.ts';
import type { Runtime } from '../runtime/port.ts';
import type { BundleFiles, BundleRead } from './bundle-file.ts';
import { checkHeaders, readHead, type BundleHead } from './bundle-head.ts';
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
  readonly bundles: Pick<BundleFiles, 'read'>;
  readonly device: ReleaseFile;
  readonly onProgress: (progress: InstallProgress) => void;
};

type AnyJob = JobOf<'fetch' | 'write' | 'place'>;
type JobOf<K extends Job['kind']> = Extract<Job, { readonly kind: K }>;

export type Installer = {
  readonly fetch: (job: JobOf<'fetch'>, signal: AbortSignal) => Promise<JobResult>;
  readonly write: (job: JobOf<'write'>, signal: AbortSignal) => Promise<JobResult>;
  readonly place: (job: JobOf<'place'>, signal: AbortSignal) => Promise<JobResult>;
};

/** The three jobs that bring a bundle into the inactive slot. Each may be cut anywhere and run again. */
export const installer = (context: InstallContext): Installer => {
  const { runtime, config, blocks, bundles, device } = context;
  /** verified in this process */
  let known: Plan | undefined;
  const time = (floor: number): number => Math.max(runtime.time.now(), floor);

  const readerOf = ({ bundle, source }: AnyJob, signal: AbortSignal): BundleRead => {
    if (source.kind === 'file') return bundles.read(source, signal);
    const reader = blocks.reader(bundle.digest, signal);
    return async (offset, length) => reader.read(offset, length);
  };

  /** The head of a file is known by its manifest: another file at the same path is another bundle. */
  const headOf = async (job: AnyJob, read: BundleRead): Promise<BundleHead> => {
    const head = await readHead(read, job.bundle.size);
    if (job.source.kind === 'file' && (await runtime.digest(head.manifest)) !== job.bundle.digest) {
      throw new SlipwayError(
        'BUNDLE_DIGEST_MISMATCH',
        `${job.source.path}: expected the bundle that was verified, found another; install it again.`,
      );
    }
    return head;
  };

  /**
   * Verified again where it comes from the disk, fetched again where it is gone; and judged again, because neither the
   * disk nor the network vouches that it is what was judged before.
   */
  const planOf = async (job: JobOf<'write' | 'place'>, signal: AbortSignal): Promise<Plan> => {
    const { bundle } = job;
    if (known?.bundle === bundle.digest) return known;
    const at = time(device.timeFloor);
    const judge = ({ manifest }: Plan): void => {
      judgeManifest(manifest, { device, release: manifest.release, counterFloor: device.counter });
    };
    let plan = await loadPlan(runtime, config, bundle.digest, at);
    if (plan === undefined) {
      const read = readerOf(job, signal);
      const head = await headOf(job, read);
      plan = await verifyHead(runtime, config, bundle.digest, head, at);
      judge(plan);
      await checkHeaders(read, bundle.size, plan.manifest, head.payloadAt);
    } else judge(plan);
    known = plan;
    return plan;
  };

  return {
    fetch: async (job, signal) => {
      const read = readerOf(job, signal);
      try {
        const head = await headOf(job, read);
        const at = time(Math.max(device.timeFloor, job.floor.time));
        const plan = await verifyHead(runtime, config, job.bundle.digest, head, at);
        judgeManifest(plan.manifest, { device, release: job.release, counterFloor: job.floor.counter });
        await checkHeaders(read, job.bundle.size, plan.manifest, head.payloadAt);
        await preflight(context, plan);
        known = plan;
        const { release, version, counter, rootHash, timeFloor } = plan.manifest;
        return { kind: 'fetched', ref: { release, version, counter, rootHash, timeFloor } };
      } catch (error) {
        // What the bundle cannot help says nothing about it.
        if (
          !(error instanceof SlipwayError) ||
          error.code === 'DOWNLOAD_FAILED' ||
          error.code === 'DISK_FULL'
        )
          throw error;
        return { kind: 'refused', code: error.code, message: error.message };
      }
    },
    write: async (job, signal) => {
      const plan = await planOf(job, signal);
      const bytes = await writeSlot(context, plan, job.slot, readerOf(job, signal), signal);
      return { kind: 'written', ...bytes };
    },
    place: async (job, signal) => {
      const plan = await planOf(job, signal);
      const bytes = await placeUki(context, plan, job.slot, readerOf(job, signal), signal);
      return { kind: 'placed', ...bytes };
    },
  };
};
