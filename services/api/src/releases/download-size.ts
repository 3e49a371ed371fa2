import { CHUNK_BYTES, ROOT_NAME, UKI_NAME, type Manifest } from '@slipway/protocol';

type Files = Pick<Manifest, 'files'>;

const LOADED = [ROOT_NAME, UKI_NAME] as const;

/** What of a bundle goes into the slot of a device: all but the list of contents. */
export const fullSize = ({ files }: Files): number =>
  files
    .filter(({ name }) => name === ROOT_NAME || name === UKI_NAME)
    .reduce((sum, { size }) => sum + size, 0);

/**
 * What the agent loads that runs one release and takes another: each chunk that is not the same at the same place of the
 * same file. Where a file got shorter within its last chunk, that chunk counts as loaded although it may lie there: at
 * most 256 KiB too much of each file.
 */
export const downloadSize = (from: Files, to: Files): { readonly bytes: number; readonly reused: number } => {
  let reused = 0;
  for (const name of LOADED) {
    const there = from.files.find((file) => file.name === name)?.chunks ?? [];
    const file = to.files.find((one) => one.name === name);
    for (const [at, chunk] of file?.chunks.entries() ?? [])
      if (there[at] === chunk) reused += Math.min(CHUNK_BYTES, (file?.size ?? 0) - at * CHUNK_BYTES);
  }
  return { bytes: fullSize(to) - reused, reused };
};
