import { parseSpecDocument } from './document.ts';
import { ContainerSettings, type Container } from './container.ts';
import { problemsOf, specError } from './problems.ts';

export const CONFIG_LABEL = 'org.mobyproject.config';

const isSet = (value: unknown): boolean => value !== undefined && value !== '';

const override = <T extends object>(lower: T, upper: T): T => ({
  ...lower,
  ...Object.fromEntries(Object.entries(upper).filter(([, value]) => isSet(value))),
});

/**
 * What holds for a container: the label `org.mobyproject.config` of its image, overridden by the image file. Whole
 * fields replace, an empty text counts as unset, `runtime` merges field by field, `binds.add` and `capabilities.add`
 * add to the label's.
 *
 * @param label the text of the label, if the image has one
 * @param image named in errors
 * @throws {SlipwayError} SPEC_SYNTAX, SPEC_INVALID if the label is malformed
 */
export const mergeContainer = (
  container: Container,
  label: string | undefined,
  image: string = container.image,
): Container => {
  if (label === undefined || label === '') return withAdditions(container, {});
  const doc = parseSpecDocument(label, `${image} label ${CONFIG_LABEL}`);
  const result = ContainerSettings.safeParse(doc.value ?? {});
  if (!result.success) throw specError(problemsOf(doc, ContainerSettings, result.error));
  return withAdditions(container, result.data);
};

const withAdditions = (container: Container, label: ContainerSettings): Container => {
  const { 'binds.add': bindsAdd, 'capabilities.add': capabilitiesAdd, ...own } = container;
  const { 'binds.add': labelBindsAdd, 'capabilities.add': labelCapabilitiesAdd, ...base } = label;
  const merged: Container = {
    ...own,
    ...override<ContainerSettings>(base, own),
    name: own.name,
    image: own.image,
  };
  if (base.runtime !== undefined && own.runtime !== undefined)
    merged.runtime = override(base.runtime, own.runtime);
  const binds = own.binds ?? [...(base.binds ?? []), ...(labelBindsAdd ?? []), ...(bindsAdd ?? [])];
  if (binds.length > 0) merged.binds = binds;
  const capabilities = own.capabilities ?? [
    ...(base.capabilities ?? []),
    ...(labelCapabilitiesAdd ?? []),
    ...(capabilitiesAdd ?? []),
  ];
  if (capabilities.length > 0) merged.capabilities = capabilities;
  return merged;
};
