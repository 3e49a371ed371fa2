import type { Access } from '@slipway/protocol';
import type { ComponentType } from 'react';

export type ScreenRoute = {
  /** as react-router wants it, such as `/devices/:id` */
  readonly path: string;
  readonly load: () => Promise<{ readonly default: ComponentType }>;
};

/** One area of the dashboard. Its folder has `screen.ts`, which the entry loads; all else is loaded when it is opened. */
export type Screen = {
  readonly name: string;
  readonly routes: readonly ScreenRoute[];
  /** its place in the navigation; absent: it has none */
  readonly place?: {
    readonly label: string;
    readonly section: 'fleet' | 'software' | 'delivery' | 'instance';
    readonly to: string;
    /** pressed after `g` */
    readonly key: string;
    readonly icon: ComponentType<{ size?: number | string; stroke?: number | string }>;
    /** whoever may not is not shown it */
    readonly access?: Access;
  };
};
