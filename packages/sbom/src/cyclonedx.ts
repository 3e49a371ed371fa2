import type { Digest } from '@slipway/protocol';
import {
  COMPONENT_PROPERTY,
  listPackages,
  packageProperties,
  parseSupplier,
  subjectProperties,
  type ListedPackage,
} from './normalise.ts';
import type { Sbom } from './sbom.ts';
import { isSpdxId, toExpression } from './spdx-expression.ts';
import { uuidOf } from './uuid.ts';

/** Identifiers where all are ones, else one expression, else each for itself. */
const licenseChoice = (licenses: readonly string[] | undefined) => {
  if (licenses === undefined || licenses.length === 0) return {};
  const expression = licenses.every(isSpdxId) ? undefined : toExpression(licenses);
  return {
    licenses:
      expression === undefined
        ? licenses.map((license) => ({ license: isSpdxId(license) ? { id: license } : { name: license } }))
        : [{ expression }],
  };
};

const hashes = (digest: Digest | undefined) =>
  digest === undefined ? {} : { hashes: [{ alg: 'SHA-256', content: digest.slice('sha256:'.length) }] };

const supplierOf = (supplier: string | undefined) => {
  if (supplier === undefined) return {};
  const { name, email } = parseSupplier(supplier);
  return { supplier: { name, ...(email === undefined ? {} : { contact: [{ email }] }) } };
};

const properties = (list: readonly (readonly [string, string])[]) =>
  list.length === 0 ? {} : { properties: list.map(([name, value]) => ({ name, value })) };

const packageRef = ({ purl, digest }: ListedPackage): string =>
  digest === undefined ? purl : `${purl}#${digest.slice('sha256:'.length, 'sha256:'.length + 16)}`;

const packageComponent = (item: ListedPackage) => ({
  type: 'library',
  'bom-ref': packageRef(item),
  ...supplierOf(item.supplier),
  name: item.name,
  version: item.version,
  ...hashes(item.digest),
  ...licenseChoice(item.licenses),
  purl: item.purl,
  ...properties(packageProperties(item)),
  ...(item.foundIn === undefined ? {} : { evidence: { occurrences: [{ location: item.foundIn }] } }),
});

/**
 * The list of everything that is in an image, as CycloneDX 1.6 JSON: the image is `metadata.component`, it depends on its
 * components, and they on the packages found in them. A package that is in several components is listed once.
 *
 * @returns the same text for the same content, whatever its order
 * @see https://cyclonedx.org/docs/1.6/json/
 */
export const makeCycloneDx = (sbom: Sbom): string => {
  const listed = listPackages(sbom);
  const { name, version } = listed.subject;
  const subjectRef = `${name}@${version}`;
  const componentRef = (ref: string): string => `component:${ref}`;
  const components = [
    ...listed.components.map((component) => ({
      type: 'container',
      'bom-ref': componentRef(component.ref),
      ...supplierOf(component.supplier),
      name: component.ref,
      ...(component.version === undefined ? {} : { version: component.version }),
      ...hashes(component.digest),
      ...licenseChoice(component.licenses),
      ...(component.purl === undefined ? {} : { purl: component.purl }),
      ...properties([[COMPONENT_PROPERTY, component.ref]]),
    })),
    ...listed.packages.map(packageComponent),
  ];
  const dependencies = [
    { ref: subjectRef, dependsOn: listed.components.map(({ ref }) => componentRef(ref)) },
    ...listed.components.map(({ ref }) => ({
      ref: componentRef(ref),
      dependsOn: listed.packages.filter((item) => item.components.includes(ref)).map(packageRef),
    })),
  ];
  const content = JSON.stringify([listed.subject, listed.time, components, dependencies]);
  const bom = {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${uuidOf(`sbom ${content}`)}`,
    version: 1,
    metadata: {
      timestamp: new Date(listed.time * 1000).toISOString(),
      tools: {
        components: [
          {
            type: 'application',
            name: 'slipway',
            ...(listed.toolVersion === undefined ? {} : { version: listed.toolVersion }),
          },
        ],
      },
      component: {
        type: 'operating-system',
        'bom-ref': subjectRef,
        name,
        version,
        ...properties(subjectProperties(listed)),
      },
    },
    components,
    dependencies,
  };
  return `${JSON.stringify(bom, null, 2)}\n`;
};
