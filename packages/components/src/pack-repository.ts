import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { packComponent, type PackOptions } from './pack.ts';

export const COMPONENTS_FOLDER = 'components';
export const LAYOUTS_FOLDER = 'oci';

/**
 * Packs every component of an image repository: `components/NAME` becomes the layout `oci/NAME`, which image files of
 * the repository call `oci:oci/NAME`.
 *
 * @returns the layouts, relative to the repository
 * @throws {SlipwayError} as `packComponent`
 */
export const packRepository = async (repository: string, options: PackOptions): Promise<string[]> => {
  const entries = await readdir(join(repository, COMPONENTS_FOLDER), { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const layouts: string[] = [];
  for (const name of names.sort((a, b) => (a < b ? -1 : 1))) {
    options.log?.(`packing component ${name}`);
    const layout = join(LAYOUTS_FOLDER, name);
    await packComponent(join(repository, COMPONENTS_FOLDER, name), join(repository, layout), options);
    layouts.push(layout);
  }
  return layouts;
};
