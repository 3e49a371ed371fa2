import type { SlotName } from '@slipway/protocol';

/** What a boot loader's environment says of the slots. */
export type SlotVariables = {
  readonly default: SlotName | null;
  readonly armed: SlotName | null;
  /** the loader spent the arming on this slot */
  readonly tried: SlotName | null;
};

/**
 * Where those variables lie. A cut in `write` leaves what was or what is to be, never neither: one sector, or two copies.
 */
export type SlotVariableStore = {
  /** @returns undefined where no copy can be read */
  readonly read: () => Promise<SlotVariables | undefined>;
  /**
   * Writes and reads back.
   *
   * @param copies `one`: should that copy be damaged, the one before it holds; `all`: nothing older is left to fall back to
   */
  readonly write: (variables: SlotVariables, copies: 'one' | 'all') => Promise<void>;
  readonly copies: () => Promise<readonly { readonly name: string; readonly isReadable: boolean }[]>;
};
