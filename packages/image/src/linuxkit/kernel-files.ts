import { readContent, type Component, type Content, type Tree, type TreeEntry } from '@slipway/components';
import type { ImageKernel } from '@slipway/image-spec';
import { SlipwayError } from '@slipway/protocol';
import { fileAt } from '../resolve-path.ts';
import { decompressKernel } from './decompress-kernel.ts';
import { directory, file, fromComponent, type Origin } from './generated.ts';
import { imageName } from './image-name.ts';
import { readKernelTar } from './kernel-tar.ts';

type KernelOptions = { readonly decompress: boolean };

/** Of a kernel that is a set of Debian packages, which bring their modules as files. */
const MODULES = /^(?:usr\/)?lib(?:\/(?:modules|firmware)(?:\/.*)?)?$/;

const isDebian = (ref: string): boolean => ref.startsWith('deb:');

const missing = (ref: string, key: 'binary' | 'tar', expected: string, tree: Tree): SlipwayError => {
  const top = [...tree.keys()].filter((path) => !path.includes('/')).join(', ');
  return new SlipwayError(
    'COMPONENT_INVALID',
    `kernel ${ref}: expected the file ${expected}, found ${top === '' ? 'nothing' : top}; name it by kernel.${key}${key === 'tar' ? ', or set that to none' : ''}`,
    { details: { component: ref, key: `kernel.${key}`, expected } },
  );
};

const fileOf = (tree: Tree, path: string): Extract<TreeEntry, { type: 'file' }> | undefined =>
  fileAt(tree, path.replace(/^\/+/, ''));

/** Which part of the component it came from. */
const partOf = ({ source, layer }: TreeEntry): Pick<TreeEntry, 'part' | 'layer'> => ({ part: source, layer });

const binaryOf = ({ image, binary }: ImageKernel, tree: Tree) => {
  const [debian, ...others] = isDebian(image)
    ? [...tree.keys()].filter((path) => /^boot\/vmlinu[xz]-[^/]+$/.test(path))
    : [];
  const isChosen = binary === undefined && !tree.has('kernel') && debian !== undefined && others.length === 0;
  const path = isChosen ? debian : binary === undefined || binary === '' ? 'kernel' : binary;
  const found = fileOf(tree, path);
  if (found === undefined) throw missing(image, 'binary', path, tree);
  return found;
};

const forRoot = ({ image, tar }: ImageKernel, tree: Tree): Tree => {
  if (tar === '' || tar === 'none') return new Map();
  if (tar === undefined && isDebian(image) && !tree.has('kernel.tar'))
    return new Map([...tree].filter(([path]) => MODULES.test(path)));
  const archive = fileOf(tree, tar ?? 'kernel.tar');
  if (archive === undefined) throw missing(image, 'tar', tar ?? 'kernel.tar', tree);
  return readKernelTar(archive.content, image);
};

/**
 * What a kernel image adds to the root: `boot/kernel`, `boot/cmdline`, microcode and the files of its tar. Everything
 * else of the image is dropped; microcode that is not there is passed over, as LinuxKit does.
 *
 * @throws {SlipwayError} COMPONENT_INVALID, LAYER_UNSAFE
 */
export const kernelFiles = (
  kernel: ImageKernel,
  { tree }: Component,
  { decompress }: KernelOptions,
): TreeEntry[] => {
  const origin: Origin = { source: imageName(kernel.image), location: 'kernel' };
  const binary = binaryOf(kernel, tree);
  const content: Content = decompress
    ? decompressKernel(readContent(binary.content), kernel.image)
    : binary.content;
  const ucode = kernel.ucode === undefined || kernel.ucode === '' ? undefined : fileOf(tree, kernel.ucode);
  const root = forRoot(kernel, tree);
  return [
    directory('boot', origin),
    file('boot/cmdline', kernel.cmdline, origin),
    { ...file('boot/kernel', content, origin), mode: binary.mode, ...partOf(binary) },
    ...(ucode === undefined
      ? []
      : [{ ...file('boot/ucode.cpio', ucode.content, origin), mode: ucode.mode, ...partOf(ucode) }]),
    ...[...root.values()].map((entry) => fromComponent(entry, origin)),
  ];
};
