import type { BulkAction, BulkRequest, BulkResult, DeviceId } from '@slipway/protocol';
import type { Selection } from './selection.ts';

/** What a request takes of a list. */
const MOST_IDS = 1000;

export type Target = Pick<BulkRequest, 'devices' | 'query'>;

/** Requests that together reach what is selected. */
export const targetsOf = (selection: Selection, query: string): Target[] => {
  if (selection.kind === 'all') return [{ query }];
  const ids = [...selection.ids];
  return Array.from({ length: Math.ceil(ids.length / MOST_IDS) }, (_, at) => ({
    devices: ids.slice(at * MOST_IDS, (at + 1) * MOST_IDS),
  }));
};

const NOTHING: BulkResult = { dryRun: false, changed: 0, unchanged: 0, refused: [], after: null };

/** What became of devices in both. */
export const summed = (a: BulkResult, b: BulkResult): BulkResult => {
  const refused = new Map(a.refused.map((one) => [one.code, one]));
  for (const one of b.refused) {
    const before = refused.get(one.code);
    refused.set(
      one.code,
      before === undefined
        ? one
        : {
            ...before,
            count: before.count + one.count,
            devices: [...before.devices, ...one.devices].slice(0, 10),
          },
    );
  }
  return {
    dryRun: b.dryRun,
    changed: a.changed + b.changed,
    unchanged: a.unchanged + b.unchanged,
    refused: [...refused.values()],
    after: null,
  };
};

type Asks = (request: BulkRequest) => Promise<BulkResult>;

/**
 * Does something to all of them, or asks what would become of them, batch by batch.
 *
 * @param onProgress told after each batch
 */
export const runBulk = async (
  ask: Asks,
  targets: readonly Target[],
  action: BulkAction,
  {
    dryRun,
    signal,
    onProgress,
  }: {
    readonly dryRun: boolean;
    readonly signal?: AbortSignal;
    readonly onProgress?: (so: BulkResult) => void;
  },
): Promise<BulkResult> => {
  let so = NOTHING;
  for (const target of targets) {
    let after: DeviceId | null = null;
    do {
      signal?.throwIfAborted();
      const result: BulkResult = await ask({
        ...target,
        action,
        dryRun,
        ...(after === null ? {} : { after }),
      });
      so = summed(so, result);
      after = result.after;
      onProgress?.(so);
    } while (after !== null);
  }
  return so;
};
