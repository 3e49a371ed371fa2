import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { messageOf, SlipwayError } from '@slipway/protocol';
import { kindOf, type Image, type StartableImage } from './find-image.ts';

const run = promisify(execFile);

/** @throws {SlipwayError} TOOL_FAILED */
export const untar = async (archive: string, folder: string): Promise<void> => {
  try {
    await run('tar', ['--extract', '--sparse', '--no-same-owner', '--file', archive, '--directory', folder]);
  } catch (cause) {
    throw new SlipwayError('TOOL_FAILED', `${archive} cannot be unpacked: ${messageOf(cause)}`, { cause });
  }
};

const textOf = (path: string): Promise<string> =>
  readFile(path, 'utf8').then(
    (text) => text.trim(),
    () => '',
  );

/** Microcode comes before the initrd, as `kernel+initrd` has it. */
const withMicrocode = async (folder: string): Promise<string> => {
  const initrd = join(folder, 'initrd.img');
  const microcode = await readFile(join(folder, 'ucode.cpio')).catch(() => undefined);
  if (microcode !== undefined) await writeFile(initrd, Buffer.concat([microcode, await readFile(initrd)]));
  return initrd;
};

/**
 * Makes of an archive what it holds; everything else stays where it is.
 *
 * @param folder empty, for this machine alone
 * @throws {SlipwayError} TOOL_FAILED, USAGE
 */
export const unpackImage = async (
  image: Exclude<Image, { type: 'other' }>,
  folder: string,
): Promise<StartableImage> => {
  if (image.type !== 'archive') return image;
  await untar(image.path, folder);
  if (image.of === 'disk') return { type: 'disk', path: join(folder, 'disk.raw'), format: 'raw' };
  const kernel = join(folder, 'kernel');
  const kind = await kindOf(kernel);
  if (kind.type !== 'kernel')
    throw new SlipwayError(
      'USAGE',
      `${image.path}: expected a kernel that QEMU starts by itself, found another`,
    );
  return {
    type: 'kernel',
    arch: kind.arch,
    kernel,
    initrd: await withMicrocode(folder),
    commandLine: await textOf(join(folder, 'cmdline')),
  };
};
