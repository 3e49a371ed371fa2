import type { SimOptions } from '../options.ts';
import type { Acknowledged, Seen } from '../seen.ts';

/** To a process of devices. */
export type ToProcess =
  | { readonly kind: 'start'; readonly options: SimOptions; readonly part: number }
  | { readonly kind: 'acknowledged' };

/** From it. */
export type FromProcess =
  | { readonly kind: 'seen'; readonly seen: Seen }
  | { readonly kind: 'acknowledged'; readonly reports: readonly Acknowledged[] };
