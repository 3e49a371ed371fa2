import { z } from 'zod';
import { assemble, invalid, parseTime, Plain, type Item } from './parse-common.ts';
import type { Sbom } from './sbom.ts';
import { isSpdxExpression, normaliseLicenses } from './spdx-expression.ts';

const Package = z.object({
  SPDXID: z.string(),
  name: Plain,
  versionInfo: Plain.optional(),
  primaryPackagePurpose: z.string().optional(),
  supplier: Plain.optional(),
  licenseConcluded: Plain.optional(),
  licenseDeclared: Plain.optional(),
  checksums: z.array(z.object({ algorithm: z.string(), checksumValue: z.string() })).default([]),
  externalRefs: z.array(z.object({ referenceType: z.string(), referenceLocator: Plain })).default([]),
  annotations: z.array(z.object({ comment: Plain })).default([]),
});
type Package = z.infer<typeof Package>;

const Document = z.object({
  spdxVersion: z.string().regex(/^SPDX-2\.\d+$/),
  name: Plain.default('image'),
  creationInfo: z
    .object({ created: z.string().optional(), creators: z.array(z.string()).default([]) })
    .optional(),
  packages: z.array(Package).default([]),
  documentDescribes: z.array(z.string()).default([]),
  relationships: z
    .array(
      z.object({
        spdxElementId: z.string(),
        relationshipType: z.string(),
        relatedSpdxElement: z.string(),
      }),
    )
    .default([]),
  hasExtractedLicensingInfos: z
    .array(z.object({ licenseId: z.string(), name: Plain.optional() }))
    .default([]),
});

const SAYS_NOTHING = new Set(['NOASSERTION', 'NONE', '']);

/** What a document calls `LicenseRef-…` has its name back, where it had one that is no identifier. */
const licensesOf = (item: Package, names: ReadonlyMap<string, string>): string[] => {
  const text = [item.licenseDeclared, item.licenseConcluded].find(
    (license) => license !== undefined && !SAYS_NOTHING.has(license),
  );
  return text === undefined ? [] : normaliseLicenses([text]).map((license) => names.get(license) ?? license);
};

const supplierOf = (supplier: string | undefined): string | undefined => {
  const match = /^(?:Organization|Person): (.+?)(?: \(([^()\s]+@[^()\s]+)\))?$/.exec(supplier ?? '');
  if (match?.[1] === undefined) return undefined;
  return match[2] === undefined ? match[1] : `${match[1]} <${match[2]}>`;
};

const toItem = (item: Package, names: ReadonlyMap<string, string>): Item => {
  const properties = item.annotations.flatMap(({ comment }): [string, string][] => {
    const match = /^([a-z]+:[a-z-]+)=(.*)$/.exec(comment);
    return match?.[1] === undefined ? [] : [[match[1], match[2] ?? '']];
  });
  return {
    id: item.SPDXID,
    name: item.name,
    version: item.versionInfo === '' ? undefined : item.versionInfo,
    purl: item.externalRefs.find(({ referenceType }) => referenceType === 'purl')?.referenceLocator,
    licenses: licensesOf(item, names),
    sha256: item.checksums.find(({ algorithm }) => algorithm === 'SHA256')?.checksumValue,
    supplier: supplierOf(item.supplier),
    foundIn: properties.find(([key]) => key === 'slipway:found-in')?.[1],
    properties,
    isContainer: item.primaryPackagePurpose === 'CONTAINER',
  };
};

const HOLDS = new Set(['CONTAINS', 'DEPENDS_ON', 'HAS_PREREQUISITE']);
const HELD_BY = new Set(['CONTAINED_BY', 'DEPENDENCY_OF', 'PREREQUISITE_FOR']);

/** @throws {SlipwayError} SBOM_INVALID */
export const parseSpdx = (value: unknown): Sbom => {
  const parsed = Document.safeParse(value);
  if (!parsed.success)
    throw invalid(`a wrong ${parsed.error.issues[0]?.path.join('.') ?? 'form'}`, parsed.error);
  const { data } = parsed;
  const names = new Map(
    data.hasExtractedLicensingInfos.flatMap(({ licenseId, name }): [string, string][] =>
      name === undefined || isSpdxExpression(name) ? [] : [[licenseId, name]],
    ),
  );
  const items = new Map<string, Item>();
  for (const item of data.packages) {
    if (items.has(item.SPDXID)) throw invalid(`the SPDXID ${JSON.stringify(item.SPDXID.slice(0, 80))} twice`);
    items.set(item.SPDXID, toItem(item, names));
  }
  const holds = new Map<string, Set<string>>();
  const hold = (holder: string, held: string): void => {
    holds.set(holder, (holds.get(holder) ?? new Set()).add(held));
  };
  const described = new Set(data.documentDescribes);
  for (const { spdxElementId, relationshipType, relatedSpdxElement } of data.relationships) {
    if (HOLDS.has(relationshipType)) hold(spdxElementId, relatedSpdxElement);
    else if (HELD_BY.has(relationshipType)) hold(relatedSpdxElement, spdxElementId);
    else if (relationshipType === 'DESCRIBES') described.add(relatedSpdxElement);
    else if (relationshipType === 'DESCRIBED_BY') described.add(spdxElementId);
  }
  const [only] = described;
  const subject: Item = (described.size === 1 ? items.get(only ?? '') : undefined) ?? {
    ...toItem(Package.parse({ SPDXID: '', name: data.name }), names),
  };
  const tool = data.creationInfo?.creators.map((text) => /^Tool: slipway-(.+)$/.exec(text)?.[1]);
  return assemble(
    subject,
    parseTime(data.creationInfo?.created),
    tool?.find((version) => version !== undefined),
    items,
    holds,
  );
};
