import type { Digest } from '@slipway/protocol';
import {
  COMPONENT_PROPERTY,
  listPackages,
  packageProperties,
  parseSupplier,
  subjectProperties,
  type ListedSbom,
} from './normalise.ts';
import type { Sbom } from './sbom.ts';
import { isSpdxExpression, spdxIds, toExpression } from './spdx-expression.ts';
import { shortHash, uuidOf } from './uuid.ts';

const NOASSERTION = 'NOASSERTION';
const LICENSE_REF = 'LicenseRef-';

/** A name that SPDX does not know, as an identifier of this document. Names that come out alike get a hash. */
export const licenseRefOf = (name: string): string => {
  const plain = name.replace(/[^A-Za-z0-9.-]+/g, '-').replace(/^-+|-+$/g, '');
  return plain === name ? `${LICENSE_REF}${plain}` : `${LICENSE_REF}${plain}-${shortHash(name)}`;
};

const declared = (licenses: readonly string[] | undefined): string =>
  toExpression((licenses ?? []).map((name) => (isSpdxExpression(name) ? name : licenseRefOf(name)))) ??
  NOASSERTION;

/** Clause 10: every `LicenseRef-` that is used is explained. Its text lies in the image, not here. */
const extractedLicenses = (listed: ListedSbom) => {
  const names = [...listed.components, ...listed.packages].flatMap(({ licenses = [] }) => licenses);
  const refs = new Map<string, string>();
  for (const name of names) {
    if (!isSpdxExpression(name)) refs.set(licenseRefOf(name), name);
    else for (const id of spdxIds(name)) if (id.startsWith(LICENSE_REF)) refs.set(id, id);
  }
  return [...refs]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([licenseId, name]) => ({
      licenseId,
      name,
      extractedText: `Named "${name}" by the packages that declare it; see the licence texts in the image.`,
    }));
};

const checksums = (digest: Digest | undefined) =>
  digest === undefined
    ? {}
    : { checksums: [{ algorithm: 'SHA256', checksumValue: digest.slice('sha256:'.length) }] };

const supplierOf = (supplier: string | undefined) => {
  if (supplier === undefined) return {};
  const { name, email } = parseSupplier(supplier);
  return { supplier: `Organization: ${name}${email === undefined ? '' : ` (${email})`}` };
};

const purlRef = (purl: string | undefined) =>
  purl === undefined
    ? {}
    : {
        externalRefs: [
          { referenceCategory: 'PACKAGE-MANAGER', referenceType: 'purl', referenceLocator: purl },
        ],
      };

/**
 * The same content as an SPDX 2.3 document in JSON, on request. What SPDX has no field for, such as the source package,
 * is in annotations of the form `name=value`.
 *
 * @see https://spdx.github.io/spdx-spec/v2.3/
 */
export const makeSpdx = (sbom: Sbom): string => {
  const listed = listPackages(sbom);
  const { name, version } = listed.subject;
  // Clause 6.9: to the second.
  const created = `${new Date(listed.time * 1000).toISOString().slice(0, 19)}Z`;
  const tool = `Tool: slipway${listed.toolVersion === undefined ? '' : `-${listed.toolVersion}`}`;
  const annotations = (list: readonly (readonly [string, string])[]) =>
    list.length === 0
      ? {}
      : {
          annotations: list.map(([key, value]) => ({
            annotationDate: created,
            annotationType: 'OTHER',
            annotator: tool,
            comment: `${key}=${value}`,
          })),
        };
  const common = { downloadLocation: NOASSERTION, filesAnalyzed: false, copyrightText: NOASSERTION };
  const licensed = (licenses: readonly string[] | undefined) => ({
    licenseConcluded: NOASSERTION,
    licenseDeclared: declared(licenses),
  });
  const componentId = (ref: string): string => `SPDXRef-Component-${shortHash(ref)}`;
  const packageId = (key: string): string => `SPDXRef-Package-${shortHash(key)}`;
  const packages = [
    {
      SPDXID: 'SPDXRef-Image',
      name,
      versionInfo: version,
      primaryPackagePurpose: 'OPERATING_SYSTEM',
      ...common,
      ...licensed(undefined),
      ...annotations(subjectProperties(listed)),
    },
    ...listed.components.map((component) => ({
      SPDXID: componentId(component.ref),
      name: component.ref,
      ...(component.version === undefined ? {} : { versionInfo: component.version }),
      primaryPackagePurpose: 'CONTAINER',
      ...supplierOf(component.supplier),
      ...common,
      ...checksums(component.digest),
      ...licensed(component.licenses),
      ...purlRef(component.purl),
      ...annotations([[COMPONENT_PROPERTY, component.ref]]),
    })),
    ...listed.packages.map((item) => ({
      SPDXID: packageId(item.key),
      name: item.name,
      versionInfo: item.version,
      primaryPackagePurpose: 'LIBRARY',
      ...supplierOf(item.supplier),
      ...common,
      ...checksums(item.digest),
      ...licensed(item.licenses),
      ...purlRef(item.purl),
      ...annotations([
        ...packageProperties(item),
        ...(item.foundIn === undefined ? [] : ([['slipway:found-in', item.foundIn]] as const)),
      ]),
    })),
  ];
  const relation = (from: string, relationshipType: string, to: string) => ({
    spdxElementId: from,
    relationshipType,
    relatedSpdxElement: to,
  });
  const relationships = [
    relation('SPDXRef-DOCUMENT', 'DESCRIBES', 'SPDXRef-Image'),
    ...listed.components.map(({ ref }) => relation('SPDXRef-Image', 'CONTAINS', componentId(ref))),
    ...listed.components.flatMap(({ ref }) =>
      listed.packages
        .filter((item) => item.components.includes(ref))
        .map((item) => relation(componentId(ref), 'CONTAINS', packageId(item.key))),
    ),
  ];
  const infos = extractedLicenses(listed);
  const content = JSON.stringify([listed.subject, created, packages, relationships]);
  const unique = uuidOf(`spdx ${content}`);
  const document = {
    spdxVersion: 'SPDX-2.3',
    dataLicense: 'CC0-1.0',
    SPDXID: 'SPDXRef-DOCUMENT',
    name: `${name}-${version}`,
    documentNamespace: `https://spdx.org/spdxdocs/slipway-${encodeURIComponent(`${name}-${version}`)}-${unique}`,
    creationInfo: { created, creators: [tool] },
    packages,
    relationships,
    ...(infos.length === 0 ? {} : { hasExtractedLicensingInfos: infos }),
  };
  return `${JSON.stringify(document, null, 2)}\n`;
};
