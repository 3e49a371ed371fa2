import { Arch, Digest, PackageType, SlipwayError } from '@slipway/protocol';
import { z } from 'zod';
import type { FoundPackage } from './found-package.ts';
import type { Sbom, SbomComponent } from './sbom.ts';
import { normaliseLicenses, plainText } from './spdx-expression.ts';

export const invalid = (found: string, cause?: unknown): SlipwayError =>
  new SlipwayError(
    'SBOM_INVALID',
    `expected a CycloneDX 1.x or SPDX 2.x document in JSON, found ${found}; name a file that slipway build or another tool wrote`,
    { cause },
  );

/** A text that commands will print. */
export const Plain = z.string().transform((text) => plainText(text, 2000));

/** What stands between a document and the model: one package or component with its properties. */
export type Item = {
  readonly id: string;
  readonly name: string;
  readonly version: string | undefined;
  readonly purl: string | undefined;
  readonly licenses: readonly string[];
  readonly sha256: string | undefined;
  readonly supplier: string | undefined;
  readonly foundIn: string | undefined;
  readonly properties: readonly (readonly [string, string])[];
  /** what it is apart from its properties: foreign documents have no `slipway:component` */
  readonly isContainer: boolean;
};

export const property = (item: Item, name: string): string | undefined =>
  item.properties.find(([key]) => key === name)?.[1];

const digestOf = (sha256: string | undefined): { digest?: Digest } => {
  const digest = Digest.safeParse(`sha256:${(sha256 ?? '').toLowerCase()}`);
  return digest.success ? { digest: digest.data } : {};
};

/** Without the name of its field where a value is not there: optional fields are absent, not undefined. */
const optional = <Key extends string, Value>(key: Key, value: Value | undefined): { [K in Key]?: Value } => {
  const result: { [K in Key]?: Value } = {};
  if (value !== undefined) result[key] = value;
  return result;
};

export const toPackage = (item: Item): FoundPackage => {
  const version = item.version ?? '';
  const type = PackageType.safeParse(/^pkg:([a-z]+)\//.exec(item.purl ?? '')?.[1]);
  const sourceName = property(item, 'slipway:source-name');
  const files = item.properties.filter(([key]) => key === 'slipway:license-file').map(([, path]) => path);
  return {
    type: type.success ? type.data : 'generic',
    name: item.name,
    version,
    purl: item.purl ?? `pkg:generic/${encodeURIComponent(item.name)}@${encodeURIComponent(version)}`,
    licenses: normaliseLicenses(item.licenses),
    ...digestOf(item.sha256),
    ...(sourceName === undefined
      ? {}
      : {
          source: {
            name: sourceName,
            version: property(item, 'slipway:source-version') ?? version,
            ...optional('commit', property(item, 'slipway:source-commit')),
          },
        }),
    ...optional('supplier', item.supplier),
    ...optional('foundIn', item.foundIn),
    ...(files.length === 0 ? {} : { licenseFiles: files }),
  };
};

const toComponent = (item: Item, ref: string, packages: readonly FoundPackage[]): SbomComponent => ({
  ref,
  ...optional('version', item.version),
  ...optional('purl', item.purl),
  ...digestOf(item.sha256),
  ...(item.licenses.length === 0 ? {} : { licenses: normaliseLicenses(item.licenses) }),
  ...optional('supplier', item.supplier),
  packages,
});

/**
 * Puts packages into the components that hold them. A document of another tool may know no components: what is in none
 * is then in the subject itself.
 *
 * @param holds ids of what an item contains or depends on
 */
export const assemble = (
  subject: Item,
  time: number,
  toolVersion: string | undefined,
  items: ReadonlyMap<string, Item>,
  holds: ReadonlyMap<string, ReadonlySet<string>>,
): Sbom => {
  const refOf = (item: Item): string | undefined =>
    property(item, 'slipway:component') ?? (item.isContainer ? item.name : undefined);
  const placed = new Set<string>();
  const components: SbomComponent[] = [];
  const refs = new Set<string>();
  for (const item of items.values()) {
    const ref = refOf(item);
    if (ref === undefined || item.id === subject.id) continue;
    const packages: FoundPackage[] = [];
    for (const id of holds.get(item.id) ?? []) {
      const held = items.get(id);
      if (held === undefined || id === subject.id || refOf(held) !== undefined) continue;
      packages.push(toPackage(held));
      placed.add(id);
    }
    // Two containers of one name in a foreign document are told apart by their ids.
    const unique = refs.has(ref) ? `${ref} (${item.id})` : ref;
    refs.add(unique);
    components.push(toComponent(item, unique, packages));
  }
  const rest = [...items.values()].filter(
    (item) => item.id !== subject.id && !placed.has(item.id) && refOf(item) === undefined,
  );
  if (rest.length > 0) components.push({ ref: subject.name, packages: rest.map(toPackage) });
  const arch = Arch.safeParse(property(subject, 'slipway:arch'));
  return {
    subject: {
      name: subject.name,
      version: subject.version ?? '',
      ...(arch.success ? { arch: arch.data } : {}),
      ...optional('release', property(subject, 'slipway:release')),
    },
    time,
    ...optional('toolVersion', toolVersion),
    components,
  };
};

/** Seconds since 1970; 0 where it is no time. */
export const parseTime = (text: string | undefined): number => {
  const milliseconds = Date.parse(text ?? '');
  return Number.isFinite(milliseconds) && milliseconds > 0 ? Math.floor(milliseconds / 1000) : 0;
};
