import type { Build } from '@slipway/protocol';

/** What the newest build that succeeded takes of a root and of the ESP, bytes. */
export const takenBy = (
  builds: readonly Pick<Build, 'state' | 'artifacts'>[] | undefined,
): { readonly root: number | undefined; readonly esp: number | undefined } | undefined => {
  const last = builds?.find(({ state, artifacts }) => state === 'succeeded' && artifacts.length > 0);
  const sizeOf = (name: string): number | undefined =>
    last?.artifacts.find((artifact) => artifact.name === name)?.size;
  return last === undefined ? undefined : { root: sizeOf('root.img'), esp: sizeOf('uki.efi') };
};
