import { AuditHead } from '@slipway/protocol';

/** The end of the log as this browser saw it when it last found all in order: it must still be there the next time. */
export type KeptHead = AuditHead & { readonly at: string };

const NAME = 'slipway-audit-head';
const isHash = (value: unknown): value is string => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);

/** @returns undefined where none was kept, or what was kept is none */
export const readKeptHead = (store: Pick<Storage, 'getItem'>): KeptHead | undefined => {
  try {
    const kept: unknown = JSON.parse(store.getItem(NAME) ?? 'null');
    if (typeof kept !== 'object' || kept === null || !('at' in kept) || typeof kept.at !== 'string')
      return undefined;
    const head = AuditHead.safeParse(kept);
    return head.success && isHash(head.data.hash) ? { ...head.data, at: kept.at } : undefined;
  } catch {
    return undefined;
  }
};

export const keepHead = (store: Pick<Storage, 'setItem'>, { sequence, hash }: AuditHead, at: string): void =>
  store.setItem(NAME, JSON.stringify({ sequence, hash, at }));
