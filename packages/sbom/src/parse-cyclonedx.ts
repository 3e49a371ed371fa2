import { z } from 'zod';
import { assemble, invalid, parseTime, Plain, type Item } from './parse-common.ts';
import type { Sbom } from './sbom.ts';

const Property = z.object({ name: Plain, value: Plain.default('') });
const License = z.union([
  z.object({ expression: Plain }).transform(({ expression }) => expression),
  z.object({ license: z.object({ id: Plain }) }).transform(({ license }) => license.id),
  z.object({ license: z.object({ name: Plain }) }).transform(({ license }) => license.name),
]);

const Component = z.object({
  type: Plain,
  'bom-ref': z.string().optional(),
  group: Plain.optional(),
  name: Plain,
  version: Plain.optional(),
  purl: Plain.optional(),
  supplier: z
    .object({ name: Plain.default(''), contact: z.array(z.object({ email: Plain.optional() })).default([]) })
    .optional(),
  licenses: z.array(License).default([]),
  hashes: z.array(z.object({ alg: z.string(), content: z.string() })).default([]),
  properties: z.array(Property).default([]),
  evidence: z.object({ occurrences: z.array(z.object({ location: Plain })).default([]) }).optional(),
  components: z.array(z.unknown()).default([]),
});
type Component = z.infer<typeof Component>;

const Document = z.object({
  bomFormat: z.literal('CycloneDX'),
  specVersion: z.string().regex(/^1\.\d+$/),
  metadata: z
    .object({
      timestamp: z.string().optional(),
      tools: z
        .object({ components: z.array(z.object({ name: Plain, version: Plain.optional() })).default([]) })
        .optional()
        .catch(undefined),
      component: z.unknown(),
    })
    .optional(),
  components: z.array(z.unknown()).default([]),
  dependencies: z
    .array(z.object({ ref: z.string(), dependsOn: z.array(z.string()).default([]) }))
    .default([]),
});

const supplierOf = ({ supplier }: Component): string | undefined => {
  if (supplier === undefined || supplier.name === '') return undefined;
  const email = supplier.contact.find((contact) => contact.email !== undefined)?.email;
  return email === undefined ? supplier.name : `${supplier.name} <${email}>`;
};

const toItem = (component: Component, id: string): Item => ({
  id,
  // Other tools write the scope of npm and the path of Go modules apart.
  name:
    component.group === undefined || component.group === ''
      ? component.name
      : `${component.group}/${component.name}`,
  version: component.version === '' ? undefined : component.version,
  purl: component.purl,
  licenses: component.licenses,
  sha256: component.hashes.find(({ alg }) => alg === 'SHA-256')?.content,
  supplier: supplierOf(component),
  foundIn: component.evidence?.occurrences[0]?.location,
  properties: component.properties.map(({ name, value }) => [name, value]),
  isContainer: component.type === 'container',
});

const parseComponent = (value: unknown): Component => {
  const parsed = Component.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw invalid(`a component with a wrong ${issue?.path.join('.') ?? 'form'}`, parsed.error);
};

/** @throws {SlipwayError} SBOM_INVALID */
export const parseCycloneDx = (value: unknown): Sbom => {
  const parsed = Document.safeParse(value);
  if (!parsed.success)
    throw invalid(`a wrong ${parsed.error.issues[0]?.path.join('.') ?? 'form'}`, parsed.error);
  const { metadata, components, dependencies } = parsed.data;
  const subject: Item =
    metadata?.component === undefined
      ? toItem(parseComponent({ type: 'operating-system', name: 'image' }), '')
      : toItem(parseComponent(metadata.component), '');
  const subjectRef =
    metadata?.component === undefined ? undefined : parseComponent(metadata.component)['bom-ref'];
  const items = new Map<string, Item>();
  const holds = new Map<string, Set<string>>(
    dependencies.map(({ ref, dependsOn }) => [ref === subjectRef ? '' : ref, new Set(dependsOn)]),
  );
  // A list that grows and no recursion: how deep components are nested is up to whoever wrote the document.
  const open: { readonly value: unknown; readonly parent: string | undefined }[] = components.map((one) => ({
    value: one,
    parent: undefined,
  }));
  for (const next of open) {
    const component = parseComponent(next.value);
    if (component.type === 'file') continue;
    const id = component['bom-ref'] ?? `component ${items.size}`;
    if (items.has(id)) throw invalid(`the bom-ref ${JSON.stringify(id.slice(0, 80))} twice`);
    items.set(id, toItem(component, id));
    if (next.parent !== undefined) {
      const held = holds.get(next.parent) ?? new Set();
      holds.set(next.parent, held.add(id));
    }
    for (const nested of component.components) open.push({ value: nested, parent: id });
  }
  const tool = metadata?.tools?.components.find(({ name }) => name === 'slipway');
  return assemble(subject, parseTime(metadata?.timestamp), tool?.version, items, holds);
};
