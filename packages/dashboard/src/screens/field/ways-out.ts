import type { PackageFinding } from '@slipway/protocol';

type OfClass = PackageFinding['byClass'][number];
type Update = NonNullable<OfClass['update']>;

/** One rollout that would bring devices of a class to what holds none of it. */
export type WayOut = {
  readonly update: Update;
  readonly devices: number;
  /** those of these channels; null: those that follow none */
  readonly channels: readonly (string | null)[];
  /** address of the planner, with the release and the devices in it */
  readonly to: string;
};

export type WaysOut = {
  readonly ways: readonly WayOut[];
  /** devices that no release is there for, by the channel that they follow */
  readonly stuck: readonly { readonly channel: string | null; readonly devices: number }[];
};

const plannerOf = (release: string, query: string): string =>
  `/rollouts/new?${new URLSearchParams({ release, query, step: '2' }).toString()}`;

/**
 * What to do about it in a class: one rollout for each release that devices may take. Those who follow a channel take what was
 * published to it; an older server tells of no channels, then all take the newest.
 *
 * @param query finds the devices
 */
export const waysOut = ({ devices, update, channels }: OfClass, query: string): WaysOut => {
  const lots = channels ?? [{ channel: null, devices, update }];
  const ways = new Map<string, WayOut>();
  for (const lot of lots) {
    if (lot.update === null) continue;
    const known = ways.get(lot.update.id);
    ways.set(lot.update.id, {
      update: lot.update,
      devices: (known?.devices ?? 0) + lot.devices,
      channels: [...(known?.channels ?? []), lot.channel],
      to: plannerOf(lot.update.id, query),
    });
  }
  return {
    ways: [...ways.values()].toSorted((a, b) => b.devices - a.devices),
    stuck: lots
      .filter((lot) => lot.update === null)
      .map(({ channel, devices: number }) => ({ channel, devices: number })),
  };
};
