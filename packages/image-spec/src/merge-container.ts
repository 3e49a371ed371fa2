import { ContainerSettings, type Container } from './container.ts';
import type { Runtime } from './container-runtime.ts';
import { parseSpecDocument } from './document.ts';
import { problemsOf, specError } from './problems.ts';

export const CONFIG_LABEL = 'org.mobyproject.config';

/** Of these an empty text says nothing; of `cgroupsPath`, `rootfsPropagation` and those of `runtime` it says "none". */
const EMPTY_IS_UNSET: ReadonlySet<string> = new Set<keyof ContainerSettings>([
  'cwd',
  'net',
  'pid',
  'ipc',
  'uts',
  'userns',
  'hostname',
]);

const isSet = (key: string, value: unknown): boolean =>
  value !== undefined && !(value === '' && EMPTY_IS_UNSET.has(key));

const override = <T extends object>(lower: T, upper: T): T => ({
  ...lower,
  ...Object.fromEntries(Object.entries(upper).filter(([key, value]) => isSet(key, value))),
});

const mergeRuntime = (lower: Runtime | undefined, upper: Runtime | undefined): Runtime | undefined => {
  if (lower === undefined || upper === undefined) return upper ?? lower;
  const merged = override(lower, upper);
  if (lower.bindNS !== undefined && upper.bindNS !== undefined)
    merged.bindNS = { ...lower.bindNS, ...upper.bindNS };
  return merged;
};

/** @throws {SlipwayError} SPEC_SYNTAX, SPEC_INVALID */
const parseLabel = (label: string | undefined, image: string): ContainerSettings => {
  if (label === undefined || label === '') return {};
  const doc = parseSpecDocument(label, `${image} label ${CONFIG_LABEL}`);
  const result = ContainerSettings.safeParse(doc.value);
  if (!result.success) throw specError(problemsOf(doc, ContainerSettings, result.error));
  return result.data;
};

/**
 * What holds for a container: the label `org.mobyproject.config` of its image, overridden by the image file. Whole
 * fields replace, `runtime` merges field by field. `binds.add` and `capabilities.add` of the image file add to the
 * label's lists unless the image file has the list itself; those of the label mean nothing, as in LinuxKit.
 *
 * @param label the text of the label, if the image has one
 * @param image named in errors
 * @returns without `binds.add` and `capabilities.add`
 * @throws {SlipwayError} SPEC_SYNTAX, SPEC_INVALID if the label is malformed or has `name` or `image`
 */
export const mergeContainer = (
  container: Container,
  label: string | undefined,
  image: string = container.image,
): Container => {
  const base = override<ContainerSettings>({}, parseLabel(label, image));
  const { name } = container;
  const merged: Container = {
    ...override<ContainerSettings>(base, container),
    name,
    image: container.image,
  };
  delete merged['binds.add'];
  delete merged['capabilities.add'];
  const runtime = mergeRuntime(base.runtime, container.runtime);
  if (runtime !== undefined) merged.runtime = runtime;
  if (container.binds === undefined && container['binds.add'] !== undefined)
    merged.binds = [...(base.binds ?? []), ...container['binds.add']];
  if (container.capabilities === undefined && container['capabilities.add'] !== undefined)
    merged.capabilities = [...(base.capabilities ?? []), ...container['capabilities.add']];
  return merged;
};
