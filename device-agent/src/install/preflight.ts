import { otherSlot, ROOT_NAME, SlipwayError, UKI_NAME } from '@slipway/protocol';
import { ukiPath } from '../boot/boot-control.ts';
import type { InstallContext } from './installer.ts';
import { bootedSlot } from './running.ts';
import { stagedUki } from './stage-uki.ts';
import { planFile, type Plan } from './stored-manifest.ts';

/** Room for directory entries, the journal and the state of the agent. */
const SLACK_BYTES = 256 * 1024;

const noSpace = (where: string, expected: number, found: number): SlipwayError =>
  new SlipwayError(
    'INSTALL_NO_SPACE',
    `${where}: expected room for ${expected} bytes, found ${found}; use a smaller image or larger partitions.`,
  );

/**
 * Whether the release has room in the inactive slot, on the ESP and, while its UKI is on the way, on `/data`. Writes nothing.
 *
 * @throws {SlipwayError} INSTALL_NO_SPACE; DISK_FULL for `/data`
 */
export const preflight = async (
  { runtime, config, esp }: Pick<InstallContext, 'runtime' | 'config' | 'esp'>,
  plan: Plan,
): Promise<void> => {
  const { files } = runtime;
  const slot = otherSlot(await bootedSlot(runtime, config));
  const root = planFile(plan, ROOT_NAME);
  const device = await files.open(config.slots[slot], 'read');
  try {
    const last = await device.read(root.size - 1, 1);
    if (last.length === 0) throw noSpace(`slot ${slot}`, root.size, await sizeBelow(device, root.size));
  } finally {
    await device.close();
  }
  const uki = planFile(plan, UKI_NAME);
  const needed = uki.size + SLACK_BYTES;
  // What an earlier install has staged is written over.
  const onData = (await files.free(config.dataDir)) + ((await files.size(stagedUki(config))) ?? 0);
  if (onData < needed) {
    // Unlike a slot, it may have room again in a while.
    throw new SlipwayError(
      'DISK_FULL',
      `/data: expected room for ${needed} bytes, found ${onData}; free some space.`,
    );
  }
  await esp.use(async (directory) => {
    await files.remove(`${directory}/${ukiPath(slot)}.tmp`); // left by an install that was cut
    // The UKI of the slot that is given up makes room.
    const old = await files.size(`${directory}/${ukiPath(slot)}`);
    const free = (await files.free(directory)) + (old ?? 0);
    if (free < needed) throw noSpace('the ESP', needed, free);
  });
};

/** Size of a file or device known to be smaller than a bound, by bisection: a block device has no size in `stat`. */
const sizeBelow = async (
  device: { readonly read: (offset: number, length: number) => Promise<Uint8Array> },
  bound: number,
): Promise<number> => {
  let [low, high] = [0, bound];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if ((await device.read(middle, 1)).length === 0) high = middle;
    else low = middle + 1;
  }
  return low;
};
