/** GRUB's environment block is this long, always. */
export const GRUB_BLOCK_BYTES = 1024;
const SIGNATURE = '# GRUB Environment Block\n';

/**
 * An environment block: a line that names it, `name=value` lines, `#` up to the end. In values a backslash stands before
 * a backslash and before a line break.
 *
 * @throws {RangeError} where the variables do not fit
 * @see GRUB, `grub-core/lib/envblk.c`
 */
export const encodeGrubBlock = (variables: ReadonlyMap<string, string>): Uint8Array => {
  const lines = [...variables].map(
    ([name, value]) => `${name}=${value.replaceAll(/[\\\n]/g, String.raw`\$&`)}\n`,
  );
  const text = new TextEncoder().encode(SIGNATURE + lines.join(''));
  if (text.length > GRUB_BLOCK_BYTES) {
    throw new RangeError(`the environment needs ${text.length} bytes, GRUB has ${GRUB_BLOCK_BYTES}`);
  }
  const block = new Uint8Array(GRUB_BLOCK_BYTES).fill('#'.charCodeAt(0));
  block.set(text);
  return block;
};

/** @returns undefined where it is no environment block, which is all that GRUB itself checks */
export const decodeGrubBlock = (bytes: Uint8Array | undefined): Map<string, string> | undefined => {
  if (bytes?.length !== GRUB_BLOCK_BYTES) return undefined;
  const text = new TextDecoder().decode(bytes);
  if (!text.startsWith(SIGNATURE)) return undefined;
  const variables = new Map<string, string>();
  for (const [, name = '', value = ''] of text.matchAll(/^([^#=\n][^=\n]*)=((?:[^\\\n]|\\[^])*)\n/gm)) {
    variables.set(name, value.replaceAll(/\\([^])/g, '$1'));
  }
  return variables;
};
