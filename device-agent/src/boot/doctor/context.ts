import { SlotName, type RootHash } from '@slipway/protocol';
import type { AgentConfig } from '../../config.ts';
import type { Saved } from '../../core/index.ts';
import type { ImageFiles } from '../../image-files.ts';
import type { Runtime } from '../../runtime/port.ts';
import type { BootControl, BootDescription } from '../boot-control.ts';
import type { Esp } from '../esp.ts';

/** What the checks look at; gathered once. */
export type DoctorContext = {
  readonly runtime: Runtime;
  readonly config: AgentConfig;
  readonly image: ImageFiles;
  readonly esp: Esp;
  readonly boot: BootControl;
  readonly loader: BootDescription;
  readonly active: SlotName;
  /** undefined: no copy of the state can be read */
  readonly saved: Saved | undefined;
  readonly ukis: Readonly<Record<SlotName, UkiFacts>>;
};

/** What is on the ESP for a slot, and whether the slot holds what it starts. */
export type UkiFacts =
  | { readonly kind: 'missing' }
  | { readonly kind: 'unreadable'; readonly why: string }
  | {
      readonly kind: 'present';
      readonly bytes: number;
      readonly rootHash: RootHash;
      /** the top of the verity tree in the slot has this root hash */
      readonly isInSlot: boolean;
    };

/**
 * An update is under way: what looks out of order may be about to be used, so nothing is mended. A trial that is not
 * confirmed yet is such a time too.
 */
export const isBusy = ({ saved }: Pick<DoctorContext, 'saved'>): boolean =>
  saved !== undefined &&
  (saved.execution !== null || SlotName.options.some((slot) => saved.slots[slot].state === 'TRIAL'));

export const LATER = 'an update is under way; look again when it is over';
export const FIX = 'slipway-agent doctor --fix';
