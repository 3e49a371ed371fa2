import { Queue, QueueEvents } from 'bullmq';
import { redisOptions } from '@slipway/fleet';
import { Arch, QualifyProgress, qualifyQueue, ReleaseId, type QualifyJob } from '@slipway/protocol';
import { KEEP } from '../build-lanes.ts';

type Listeners = {
  readonly onNotice: (id: ReleaseId) => void;
  readonly onProgress: (id: ReleaseId, progress: QualifyProgress) => void;
  readonly onError: (error: Error) => void;
};

/** Asked for again, it is another job: the one before is still remembered. */
export const jobIdOf = (release: ReleaseId, round: number): string => `${release}.${round}`;

const releaseOf = (jobId: string): ReleaseId | undefined => ReleaseId.safeParse(jobId.split('.')[0]).data;

/** The queues of qualifications, one for each architecture, opened when there is something in them. */
export const openQualifyLanes = (redisUrl: string, { onNotice, onProgress, onError }: Listeners) => {
  const noticed = ({ jobId }: { readonly jobId: string }): void => {
    const id = releaseOf(jobId);
    if (id !== undefined) onNotice(id);
  };
  const open = async (arch: Arch) => {
    const connection = redisOptions(redisUrl);
    const queue = new Queue<QualifyJob>(qualifyQueue(arch), { connection, defaultJobOptions: KEEP });
    const notices = new QueueEvents(qualifyQueue(arch), { connection });
    queue.on('error', onError);
    notices
      .on('error', onError)
      .on('active', noticed)
      .on('completed', noticed)
      .on('failed', noticed)
      .on('stalled', noticed)
      .on('progress', ({ jobId, data }) => {
        const id = releaseOf(jobId);
        const progress = QualifyProgress.safeParse(data);
        if (id !== undefined && progress.success) onProgress(id, progress.data);
      });
    await notices.waitUntilReady();
    return { queue, close: async () => void (await Promise.all([queue.close(), notices.close()])) };
  };
  const lanes = new Map<Arch, ReturnType<typeof open>>();
  return {
    queueOf: async (arch: Arch): Promise<Queue<QualifyJob>> => {
      const known = lanes.get(arch);
      if (known !== undefined) return (await known).queue;
      const opened = open(arch);
      lanes.set(arch, opened);
      opened.catch(() => lanes.delete(arch));
      return (await opened).queue;
    },
    close: async (): Promise<void> => {
      await Promise.allSettled([...lanes.values()].map(async (lane) => (await lane).close()));
    },
  };
};
