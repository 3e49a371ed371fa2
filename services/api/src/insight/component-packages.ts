import { readFile } from 'node:fs/promises';
import { listedBuildWith, type Database } from '@slipway/fleet';
import { SBOM_NAME, SlipwayError, type ComponentId, type ComponentPackage } from '@slipway/protocol';
import { parseSbom } from '@slipway/sbom';
import type { ArtifactStore } from '../artifact-store.ts';

/**
 * What is in a component, as the last build with it found out.
 *
 * @throws {SlipwayError} PACKAGES_UNKNOWN where no list of contents is kept, SBOM_INVALID
 */
export const packagesOfComponent = async (
  db: Database,
  store: Pick<ArtifactStore, 'artifactPath'>,
  id: ComponentId,
): Promise<ComponentPackage[]> => {
  const held = await listedBuildWith(db, id);
  if (held === undefined)
    throw new SlipwayError(
      'PACKAGES_UNKNOWN',
      `No build with component ${id} has its list of contents any more. Build with it again.`,
      { details: { component: id } },
    );
  const { components } = parseSbom(await readFile(store.artifactPath(held.build.id, SBOM_NAME)));
  const found = components.find(({ ref }) => ref === held.reference);
  return (found?.packages ?? []).map(({ type, name, version, purl, licenses, source }) => ({
    type,
    name,
    version,
    purl,
    licenses: [...licenses],
    source: { name: source?.name ?? name, version: source?.version ?? version },
  }));
};
