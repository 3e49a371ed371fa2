import { readContent, type Tree } from '@slipway/components';
import { ARCHITECTURES, SlipwayError, type Arch } from '@slipway/protocol';
import { fileAt } from './resolve-path.ts';

/**
 * Finds the kernel in its component.
 *
 * @param binary path the image file gives; absent: `kernel`, or the only `boot/vmlinuz-*`
 * @throws {SlipwayError} COMPONENT_INVALID
 */
export const kernelBinary = (tree: Tree, binary: string | undefined, ref: string): Uint8Array => {
  const candidates =
    binary !== undefined
      ? [binary.replace(/^\/+/, '')]
      : tree.has('kernel')
        ? ['kernel']
        : [...tree.keys()].filter((path) => /^boot\/vmlinu[xz]-[^/]+$/.test(path));
  const [path, ...others] = candidates;
  const file = path === undefined || others.length > 0 ? undefined : fileAt(tree, path);
  if (file === undefined)
    throw new SlipwayError(
      'COMPONENT_INVALID',
      `kernel ${ref}: expected ${binary ?? '/kernel or one /boot/vmlinuz-*'}, found ${candidates.join(', ') || 'none'}; name it by kernel.binary`,
    );
  return readContent(file.content);
};

/**
 * The command line that is measured and signed with the UKI. A kernel that panics restarts, so that a trial ends on the
 * old slot; only errors reach a slow serial line.
 */
export const kernelCommandLine = (
  arch: Arch,
  { rootHash, dataBlocks }: { readonly rootHash: string; readonly dataBlocks: number },
  texts: readonly string[],
): string => {
  const own = texts.flatMap((text) => text.split(/\s+/)).filter((word) => word !== '');
  return [
    ...(own.some((word) => word.startsWith('console=')) ? [] : [`console=${ARCHITECTURES[arch].console}`]),
    'panic=1',
    'quiet',
    'loglevel=4',
    ...own,
    `slipway.roothash=${rootHash}`,
    `slipway.blocks=${dataBlocks}`,
  ].join(' ');
};
