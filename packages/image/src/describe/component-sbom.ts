import { readContent, type Component, type Tree } from '@slipway/components';
import type { NoticeSource, Sbom, SbomComponent } from '@slipway/sbom';
import { fileAt } from '../resolve-path.ts';
import { foundPackages } from './found-packages.ts';

const NO_TREE: Tree = new Map();

export type DescribedComponents = {
  readonly components: readonly SbomComponent[];
  readonly notices: readonly NoticeSource[];
};

/** What is in each component, once, in the order given, and where the licence texts are. */
export const describeComponents = async (
  components: readonly Component[],
  cacheDir: string,
  log: (line: string) => void,
): Promise<DescribedComponents> => {
  const described: SbomComponent[] = [];
  const notices: NoticeSource[] = [];
  for (const component of new Map(components.map((one) => [one.ref, one])).values()) {
    const packages = await foundPackages(component, cacheDir, log);
    const image = component.origins.find(({ type }) => type === 'oci');
    described.push({
      ref: component.ref,
      packages,
      ...(image === undefined ? {} : { version: image.version, purl: image.purl }),
      ...(component.digest === undefined ? {} : { digest: component.digest }),
    });
    notices.push({
      packages,
      readText: (path) => {
        const file =
          fileAt(component.tree, path)?.content ?? fileAt(component.licenseTexts ?? NO_TREE, path)?.content;
        return file === undefined ? undefined : readContent(file);
      },
    });
  }
  return { components: described, notices };
};

export const makeSbomModel = (
  subject: Sbom['subject'],
  time: number,
  toolVersion: string,
  { components }: DescribedComponents,
): Sbom => ({ subject, time, toolVersion, components });
