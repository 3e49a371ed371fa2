import { setImmediate } from 'node:timers/promises';
import {
  countDrafts,
  countRows,
  oldDrafts,
  removeOldRows,
  RETENTION_BATCH,
  withdrawDraft,
  type RowKind,
} from '@slipway/fleet';
import { MAX_ROWS_OF_PASS, type Keeper, type Stock } from './keeper.ts';

const rows = (count: number) => ({ count, bytes: 0 });

/** Drafts do not go, they are withdrawn: then their artifacts may. */
export const keepDrafts = ({ db, limits }: Stock): Keeper => ({
  kind: 'drafts',
  look: async (now) => ({
    there: rows(await countDrafts(db)),
    due: rows((await oldDrafts(db, limits, now)).length),
  }),
  remove: async (now) => {
    const ids = await oldDrafts(db, limits, now);
    let count = 0;
    for (const id of ids.slice(0, RETENTION_BATCH)) if (await withdrawDraft(db, id)) count += 1;
    return { ...rows(count), more: ids.length > RETENTION_BATCH };
  },
});

export const keepRows = (kind: RowKind, { db, limits }: Stock): Keeper => ({
  kind,
  look: async (now) => {
    const { there, old } = await countRows(db, kind, limits, now);
    return { there: rows(there), due: rows(old) };
  },
  remove: async (now) => {
    for (let count = 0; ; await setImmediate()) {
      if (count >= MAX_ROWS_OF_PASS) return { ...rows(count), more: true };
      const gone = await removeOldRows(db, kind, limits, now);
      count += gone;
      if (gone < RETENTION_BATCH) return { ...rows(count), more: false };
    }
  },
});
