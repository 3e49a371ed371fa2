import { open, readFile, stat } from 'node:fs/promises';
import { SlipwayError, type Arch } from '@slipway/protocol';
import { HEAD_BYTES, sniff, type FileKind } from './sniff.ts';
import { tarKind, type TarKind } from './tar-kind.ts';

/** What a machine is started with. */
export type Image =
  | { readonly type: 'disk'; readonly path: string; readonly format: 'raw' | 'qcow2' | 'vmdk' | 'vpc' }
  | { readonly type: 'cdrom'; readonly path: string }
  | {
      readonly type: 'kernel';
      readonly arch: Arch;
      readonly kernel: string;
      readonly initrd?: string | undefined;
      readonly commandLine: string;
      /** a file system that is the machine's disk, read-only */
      readonly root?: string | undefined;
    }
  /** has to be unpacked first */
  | { readonly type: 'archive'; readonly path: string; readonly of: 'disk' | 'kernel' }
  /** of which a machine's kernel and initrd, or disk, have to be made first */
  | { readonly type: 'other'; readonly path: string; readonly of: TarKind };

/** What a machine starts from as it lies there. */
export type StartableImage = Exclude<Image, { type: 'archive' | 'other' }>;

const TAIL_BYTES = 512;

/** @throws {SlipwayError} NOT_FOUND */
export const kindOf = async (path: string): Promise<FileKind> => {
  await using file = await open(path).catch((cause: unknown) => {
    throw new SlipwayError('NOT_FOUND', `${path}: there is no such file that can be read`, { cause });
  });
  const info = await file.stat();
  if (!info.isFile()) throw notRunnable(path, 'a folder or device');
  const read = async (length: number, at: number): Promise<Buffer> => {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(length), 0, length, Math.max(0, at));
    return buffer.subarray(0, bytesRead);
  };
  return sniff(await read(HEAD_BYTES, 0), await read(TAIL_BYTES, info.size - TAIL_BYTES));
};

const notRunnable = (path: string, found: string): SlipwayError =>
  new SlipwayError(
    'USAGE',
    `${path}: expected an image that a machine starts from (a disk, a CD image, a kernel with what belongs to it, or an archive of these), found ${found}`,
    { details: { path } },
  );

const isFile = (path: string): Promise<boolean> =>
  stat(path).then(
    (info) => info.isFile(),
    () => false,
  );

/** The first of these that is there. */
const firstOf = async (paths: readonly string[]): Promise<string | undefined> => {
  for (const path of paths) if (await isFile(path)) return path;
  return undefined;
};

const KERNEL_SUFFIX = '-kernel';
/** What belongs to a kernel, by the name of the build; the first that is there is taken unless another is named. */
const INITRD_SUFFIX = '-initrd.img';
const ROOT_SUFFIXES = ['-squashfs.img', '-erofs.img'];

const readCommandLine = (path: string): Promise<string> =>
  readFile(path, 'utf8').then(
    (text) => text.trim(),
    () => '',
  );

/** A kernel and its files, as `kernel+initrd`, `kernel+squashfs` and `kernel+erofs` name them. */
export const findKernel = async (
  prefix: string,
  root?: string,
): Promise<Extract<Image, { type: 'kernel' }>> => {
  const kernel = `${prefix}${KERNEL_SUFFIX}`;
  const kind = await kindOf(kernel);
  if (kind.type !== 'kernel') throw notRunnable(kernel, 'no kernel that QEMU starts by itself');
  const commandLine = await readCommandLine(`${prefix}-cmdline`);
  const common = { type: 'kernel', arch: kind.arch, kernel } as const;
  const initrd = root === undefined ? await firstOf([`${prefix}${INITRD_SUFFIX}`]) : undefined;
  if (initrd !== undefined) return { ...common, initrd, commandLine };
  const disk = root ?? (await firstOf(ROOT_SUFFIXES.map((suffix) => `${prefix}${suffix}`)));
  if (disk === undefined) return { ...common, commandLine };
  const own = await firstOf([disk.replace(/\.img$/, INITRD_SUFFIX)]);
  const hasRoot = commandLine.split(/\s+/).some((word) => word.startsWith('root='));
  return {
    ...common,
    initrd: own,
    root: disk,
    commandLine: hasRoot ? commandLine : `${commandLine} root=/dev/vda`.trim(),
  };
};

const prefixOf = (path: string, suffixes: readonly string[]): string | undefined => {
  const suffix = suffixes.find((one) => path.endsWith(one));
  return suffix === undefined ? undefined : path.slice(0, -suffix.length);
};

/** A kernel without files of its name is started alone. */
const fromPart = async (path: string, kind: FileKind): Promise<Image> => {
  if (kind.type === 'kernel') {
    const prefix = prefixOf(path, [KERNEL_SUFFIX]);
    return prefix === undefined
      ? { type: 'kernel', arch: kind.arch, kernel: path, commandLine: '' }
      : findKernel(prefix);
  }
  const prefix = prefixOf(path, kind.type === 'root' ? ROOT_SUFFIXES : [INITRD_SUFFIX]);
  if (prefix === undefined || !(await isFile(`${prefix}${KERNEL_SUFFIX}`)))
    throw notRunnable(
      path,
      kind.type === 'root'
        ? `a ${kind.fileSystem} file system without its kernel beside it`
        : 'an initrd without its kernel beside it',
    );
  return findKernel(prefix, kind.type === 'root' ? path : undefined);
};

/** Archives that a machine starts from once they are unpacked, by their first file. */
const ARCHIVES = new Map<string, 'disk' | 'kernel'>([
  ['disk.raw', 'disk'],
  ['kernel', 'kernel'],
]);

/**
 * What an image is, by its content: the path of a file, or the name of a build whose kernel is `NAME-kernel`.
 *
 * @throws {SlipwayError} NOT_FOUND, USAGE for what no machine starts from
 */
export const findImage = async (path: string): Promise<Image> => {
  if (!(await isFile(path)) && (await isFile(`${path}${KERNEL_SUFFIX}`))) return findKernel(path);
  const kind = await kindOf(path);
  switch (kind.type) {
    case 'disk':
      return { type: 'disk', path, format: kind.format };
    case 'cdrom':
      return { type: 'cdrom', path };
    case 'tar': {
      const of = ARCHIVES.get(kind.first);
      if (of !== undefined) return { type: 'archive', path, of };
      return { type: 'other', path, of: await tarKind(path, kind.first) };
    }
    case 'kernel':
    case 'initrd':
    case 'root':
      return fromPart(path, kind);
    case 'unknown':
      throw notRunnable(path, 'nothing that is known');
    default:
      return kind satisfies never;
  }
};
