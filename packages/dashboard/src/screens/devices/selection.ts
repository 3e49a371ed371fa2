import type { DeviceId } from '@slipway/protocol';
import { useCallback, useState } from 'react';

/** Devices that are picked one by one, or all that the query finds. */
export type Selection =
  { readonly kind: 'some'; readonly ids: ReadonlySet<DeviceId> } | { readonly kind: 'all' };

const NONE: Selection = { kind: 'some', ids: new Set() };

export const toggled = (selection: Selection, id: DeviceId): Selection => {
  if (selection.kind === 'all') return selection;
  const ids = new Set(selection.ids);
  if (!ids.delete(id)) ids.add(id);
  return { kind: 'some', ids };
};

export const isSelected = (selection: Selection, id: DeviceId): boolean =>
  selection.kind === 'all' || selection.ids.has(id);

/** Kept while the query is the same: who is not found any more is not meant any more. */
export const useSelection = (query: string) => {
  const [of, setOf] = useState<{ readonly query: string; readonly selection: Selection }>({
    query,
    selection: NONE,
  });
  const selection = of.query === query ? of.selection : NONE;
  const set = useCallback((next: Selection) => setOf({ query, selection: next }), [query]);
  return {
    selection,
    toggle: (id: DeviceId) => set(toggled(selection, id)),
    selectAll: () => set({ kind: 'all' }),
    clear: () => set(NONE),
  };
};
