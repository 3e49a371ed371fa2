import type { FoundPackage } from './found-package.ts';
import type { Sbom, SbomComponent } from './sbom.ts';
import { normaliseLicenses, plainText } from './spdx-expression.ts';

/** A package of the image, whichever of its components it is in. */
export type ListedPackage = FoundPackage & {
  /** tells it from all others; of its purl and digest */
  readonly key: string;
  /** refs of the components that it is in, sorted */
  readonly components: readonly string[];
};

/** An SBOM in the order and the form that documents are written in. */
export type ListedSbom = Omit<Sbom, 'components'> & {
  readonly components: readonly Omit<SbomComponent, 'packages'>[];
  readonly packages: readonly ListedPackage[];
};

const byCode = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** What two components agree on, and all licences either of them tells. */
const merge = (known: ListedPackage, found: FoundPackage, ref: string): ListedPackage => ({
  ...known,
  licenses: normaliseLicenses([...known.licenses, ...found.licenses]),
  components: [...new Set([...known.components, ref])].sort(byCode),
});

const withoutPackages = (component: SbomComponent): Omit<SbomComponent, 'packages'> => ({
  ref: component.ref,
  ...(component.version === undefined ? {} : { version: component.version }),
  ...(component.purl === undefined ? {} : { purl: component.purl }),
  ...(component.digest === undefined ? {} : { digest: component.digest }),
  ...(component.supplier === undefined ? {} : { supplier: plainText(component.supplier) }),
  ...(component.licenses === undefined || component.licenses.length === 0
    ? {}
    : { licenses: normaliseLicenses(component.licenses) }),
});

/** Each package once, everything in an order that depends on the content alone. */
export const listPackages = (sbom: Sbom): ListedSbom => {
  const components = [...sbom.components].sort((a, b) => byCode(a.ref, b.ref));
  const byKey = new Map<string, ListedPackage>();
  for (const { ref, packages } of components) {
    for (const item of packages) {
      const key = `${item.purl}\n${item.digest ?? ''}`;
      const known = byKey.get(key);
      const { supplier, ...rest } = item;
      const named = supplier === undefined ? '' : plainText(supplier);
      byKey.set(
        key,
        known === undefined
          ? {
              ...rest,
              ...(named === '' ? {} : { supplier: named }),
              licenses: normaliseLicenses(item.licenses),
              key,
              components: [ref],
            }
          : merge(known, item, ref),
      );
    }
  }
  return {
    ...sbom,
    components: components.map(withoutPackages),
    packages: [...byKey.values()].sort((a, b) => byCode(a.key, b.key)),
  };
};

/** `Name <mail>` in its parts. */
export const parseSupplier = (supplier: string): { readonly name: string; readonly email?: string } => {
  const match = /^(.*?)\s*<([^<>\s@]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,})>$/.exec(supplier);
  return match?.[2] === undefined || match[1] === undefined || match[1] === ''
    ? { name: supplier }
    : { name: match[1], email: match[2] };
};

type Property = readonly [name: string, value: string];

const present = (...properties: readonly (readonly [string, string | undefined])[]): Property[] =>
  properties.flatMap(([name, value]): Property[] => (value === undefined ? [] : [[name, value]]));

/** What neither standard has a field for, by names of our own. */
export const packageProperties = ({ source, licenseFiles = [] }: ListedPackage): Property[] =>
  present(
    ['slipway:source-name', source?.name],
    ['slipway:source-version', source?.version],
    ['slipway:source-commit', source?.commit],
    ...licenseFiles.map((path) => ['slipway:license-file', path] as const),
  );

export const subjectProperties = ({ subject }: Pick<Sbom, 'subject'>): Property[] =>
  present(['slipway:release', subject.release], ['slipway:arch', subject.arch]);

/** Tells a component of an image file from a package. */
export const COMPONENT_PROPERTY = 'slipway:component';
