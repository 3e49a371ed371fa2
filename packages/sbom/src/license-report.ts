import type { FoundPackage } from './found-package.ts';
import { listPackages, type ListedPackage } from './normalise.ts';
import type { Sbom } from './sbom.ts';
import { sourcePlace } from './source-places.ts';
import { isInevitable, isSpdxExpression, spdxIds } from './spdx-expression.ts';

/** Families of licences that oblige whoever distributes programs to offer their source. */
const OBLIGING = /(?:^|[^A-Za-z])(?:[AL]?GPL|MPL|EPL|CDDL|EUPL|CPL|OSL|MS-RL|SSPL|Sleepycat)(?![A-Za-z])/i;

export const obligesSource = (id: string): boolean => OBLIGING.test(id);

export type ReportedPackage = Pick<FoundPackage, 'type' | 'name' | 'version' | 'purl' | 'licenses'> & {
  readonly components: readonly string[];
};

export type LicenseReport = {
  /** their source must be offered */
  readonly obliged: readonly (ReportedPackage & {
    /** those of its licences that ask for it */
    readonly obliging: readonly string[];
    readonly source: { readonly name: string; readonly version: string; readonly commit?: string };
    /** where it is published; null: nobody here knows */
    readonly sourceUrl: string | null;
  })[];
  /** nothing is known of their licence, or it has a name that SPDX does not know: somebody has to read it */
  readonly unknown: readonly ReportedPackage[];
  /** packages that are neither */
  readonly others: number;
};

/** A choice obliges only if all of its ways do: whoever may take `GPL-2.0-only OR MIT` under MIT owes no source. */
export const isObliging = (license: string): boolean => isInevitable(license, obligesSource);

/** What everyone can look up. A reference of one's own says no more than a name; but for the one that grants everything. */
const isKnown = (license: string): boolean =>
  isSpdxExpression(license) &&
  spdxIds(license).every((id) => !id.includes('LicenseRef-') || id === 'LicenseRef-public-domain');

const reported = ({ type, name, version, purl, licenses, components }: ListedPackage): ReportedPackage => ({
  type,
  name,
  version,
  purl,
  licenses,
  components,
});

/**
 * What the licences of an image ask of whoever distributes it. It sorts what packages declare of themselves; it is no
 * legal advice.
 */
export const licenseReport = (sbom: Sbom): LicenseReport => {
  const listed = listPackages(sbom);
  const images: ListedPackage[] = listed.components.flatMap((component) =>
    component.licenses === undefined
      ? []
      : [
          {
            type: 'oci',
            name: component.ref,
            version: component.version ?? '',
            purl: component.purl ?? '',
            licenses: component.licenses,
            key: component.ref,
            components: [component.ref],
          },
        ],
  );
  const packages = [...images, ...listed.packages];
  const obliged = packages.filter(({ licenses }) => licenses.some(isObliging));
  const unknown = packages.filter(
    ({ licenses }) => !licenses.some(isObliging) && (licenses.length === 0 || !licenses.every(isKnown)),
  );
  return {
    obliged: obliged.map((item) => ({
      ...reported(item),
      obliging: item.licenses.filter(isObliging),
      source: item.source ?? { name: item.name, version: item.version },
      sourceUrl: sourcePlace(item) ?? null,
    })),
    unknown: unknown.map(reported),
    others: packages.length - obliged.length - unknown.length,
  };
};
