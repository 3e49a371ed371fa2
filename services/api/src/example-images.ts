import { cp, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { packRepository } from '@slipway/components';
import { SlipwayError, type ExampleImages } from '@slipway/protocol';
import type { ImageRepository } from './image-repository.ts';

/** Fills an image repository that is empty, and packs the components of one. */
export type Examples = {
  /** whether there is an example to put there, and no class yet */
  readonly isOffered: () => Promise<boolean>;
  /** folders of `components/` that have no layout in `oci/` */
  readonly unpacked: () => Promise<string[]>;
  /** @throws {SlipwayError} CONFLICT where there is nothing to do; as `packRepository` */
  readonly put: () => Promise<ExampleImages>;
};

const namesIn = async (folder: string): Promise<string[]> => {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
};

/** What is left of an example that is put elsewhere: layouts are packed where they are used. */
const isSource = (path: string): boolean => !/^\/oci(?:\/|$)/.test(path);

/**
 * @param from folder of the example; absent: there is none, and only components are packed
 * @param cacheDir downloads, shared with the builder where it is on this machine
 */
export const openExamples = (
  images: ImageRepository,
  from: string | undefined,
  cacheDir: string,
): Examples => {
  const isEmpty = async (): Promise<boolean> => (await images.list().catch(() => [undefined])).length === 0;
  const unpacked = async (): Promise<string[]> => {
    const [sources, layouts] = await Promise.all(
      ['components', 'oci'].map((name) => namesIn(join(images.directory, name))),
    );
    return (sources ?? []).filter((name) => layouts?.includes(name) !== true).sort();
  };
  const isOffered = async (): Promise<boolean> =>
    from !== undefined && from !== images.directory && (await isEmpty());

  const work = async (): Promise<ExampleImages> => {
    let files = 0;
    if (from !== undefined && (await isOffered())) {
      await mkdir(images.directory, { recursive: true });
      await cp(from, images.directory, {
        recursive: true,
        filter: (path) => isSource(path.slice(from.length)),
        // Whatever else lies there is somebody's.
        force: false,
      });
      files = (await readdir(from, { recursive: true, withFileTypes: true })).filter(
        (entry) => entry.isFile() && isSource(join(entry.parentPath, entry.name).slice(from.length)),
      ).length;
    } else if ((await unpacked()).length === 0)
      throw new SlipwayError(
        'CONFLICT',
        `There is nothing to do in ${images.directory}: it has classes, and its components are packed.`,
      );
    const packed = (await namesIn(join(images.directory, 'components'))).length === 0 ? [] : await pack();
    return { files, packed };
  };
  const pack = (): Promise<string[]> => packRepository(images.directory, { cacheDir });

  let busy: Promise<ExampleImages> | undefined;
  return {
    isOffered,
    unpacked,
    // Whoever asks while it is under way gets the same answer.
    put: () => (busy ??= work().finally(() => (busy = undefined))),
  };
};
