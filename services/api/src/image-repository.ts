import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseClassFile, parseClassImage, requireKernel, type ClassFile } from '@slipway/image-spec';
import {
  DOCKERFILE_CAPABILITY,
  SlipwayError,
  type Arch,
  type BuilderCapability,
  type BuildRequest,
  type DeviceClass,
  type DeviceClassDetail,
} from '@slipway/protocol';
import { describeClass } from './repository/describe-class.ts';

/** Device classes are files, so that they are reviewed and versioned like code; they are read anew for every request. */
export type ImageRepository = {
  /** what names in its files are relative to */
  readonly directory: string;
  /** @throws {SlipwayError} SPEC_SYNTAX, SPEC_INVALID for any class file that does not parse */
  readonly list: () => Promise<DeviceClass[]>;
  /** @throws {SlipwayError} CLASS_UNKNOWN, or as `list` where the class may be in a file that does not parse */
  readonly get: (name: string) => Promise<DeviceClass>;
  /** @throws {SlipwayError} as `get`; what is wrong with the image files is told in it */
  readonly detail: (name: string) => Promise<DeviceClassDetail>;
  /**
   * The texts of a class and its image files, checked.
   *
   * @throws {SlipwayError} as `get`, and SPEC_SYNTAX, SPEC_INVALID, COMPONENT_REF_INVALID for the image files
   */
  readonly snapshot: (name: string) => Promise<Snapshot>;
};

export type Snapshot = Pick<BuildRequest, 'classFile' | 'imageFiles'> & {
  readonly arch: Arch;
  /** of the worker that builds it */
  readonly needs: readonly BuilderCapability[];
} & Pick<ClassFile, 'signing' | 'alsoTrusts' | 'secureBoot'>;

type ClassText = {
  readonly deviceClass: DeviceClass;
  readonly parsed: ClassFile;
  readonly text: string;
};

export const openImageRepository = (directory: string): ImageRepository => {
  const parse = async (file: string): Promise<ClassText> => {
    const text = await readFile(join(directory, file), 'utf8');
    const parsed = parseClassFile(text, file);
    const { name, arch, images } = parsed;
    return { deviceClass: { name, arch, images, file }, parsed, text };
  };

  const files = async (): Promise<string[]> => {
    const names = await readdir(join(directory, 'classes')).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    });
    return names
      .filter((name) => /\.ya?ml$/.test(name))
      .sort()
      .map((name) => `classes/${name}`);
  };

  const find = async (name: string): Promise<ClassText> => {
    const results = await Promise.allSettled((await files()).map(parse));
    const parsed = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    const matches = parsed.filter(({ deviceClass }) => deviceClass.name === name);
    refuseTwice(name, matches);
    const [match] = matches;
    if (match !== undefined) return match;
    for (const result of results) if (result.status === 'rejected') throw result.reason;
    const known = parsed.map(({ deviceClass }) => deviceClass.name);
    throw new SlipwayError(
      'CLASS_UNKNOWN',
      `There is no device class ${JSON.stringify(name)}; known: ${known.join(', ') || 'none'}. Add classes/${name}.yml.`,
      { details: { deviceClass: name, known } },
    );
  };

  const imageText = async (name: string, deviceClass: DeviceClass) => {
    const text = await readFile(join(directory, name), 'utf8').catch((cause: unknown) => {
      throw new SlipwayError(
        'SPEC_INVALID',
        `${deviceClass.file} lists the image file ${name}, which cannot be read. Add it, or mend the list.`,
        { cause, details: { file: deviceClass.file, key: 'images', found: name } },
      );
    });
    return { name, text };
  };

  const imageTexts = (deviceClass: DeviceClass) =>
    Promise.all(deviceClass.images.map((image) => imageText(image, deviceClass)));

  return {
    directory,
    list: async () => {
      const parsed = await Promise.all((await files()).map(parse));
      for (const { deviceClass } of parsed) {
        refuseTwice(
          deviceClass.name,
          parsed.filter((other) => other.deviceClass.name === deviceClass.name),
        );
      }
      return parsed.map(({ deviceClass }) => deviceClass);
    },
    get: async (name) => (await find(name)).deviceClass,
    detail: async (name) => {
      const { deviceClass, parsed, text } = await find(name);
      return describeClass(deviceClass, parsed, text, () => imageTexts(deviceClass));
    },
    snapshot: async (name) => {
      const { deviceClass, parsed, text } = await find(name);
      const { arch, needs, signing, alsoTrusts, secureBoot } = parsed;
      const imageFiles = await imageTexts(deviceClass);
      const classFile = { name: deviceClass.file, text };
      const { spec } = parseClassImage({ classFile, imageFiles });
      requireKernel(spec, deviceClass.images.join(', '));
      const own = Object.keys(spec.dockerfiles).length === 0 ? [] : [DOCKERFILE_CAPABILITY];
      return {
        classFile,
        imageFiles,
        arch,
        needs: [...new Set([...needs, ...own])],
        signing,
        alsoTrusts,
        secureBoot,
      };
    },
  };
};

const refuseTwice = (name: string, matches: readonly ClassText[]): void => {
  if (matches.length < 2) return;
  const where = matches.map(({ deviceClass }) => deviceClass.file);
  throw new SlipwayError(
    'SPEC_INVALID',
    `${where.join(' and ')} both define the class ${name}. Rename one.`,
    {
      details: { file: where[0], key: 'name', found: name },
    },
  );
};
