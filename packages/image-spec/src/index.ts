/**
 * Image files and class files: what may stand in them, and errors that name file, line, column, key and what is
 * allowed. Used by the builder, the API and the CLI. Trusts nothing in the texts; reads no files itself.
 */
export { CAPABILITIES, capabilityName } from './capabilities.ts';
export { ClassFile, namesDisk } from './class-file.ts';
export { ContainerSettings, type Container, type Device } from './container.ts';
export { IdMapping, Mount } from './container-mount.ts';
export { Resources } from './container-resources.ts';
export { Interface, Runtime } from './container-runtime.ts';
export { DebianSource, GENERATE_RULES, SNAPSHOT, type GenerateRule } from './debian-source.ts';
export type { DockerfileBuild } from './dockerfile-build.ts';
export { formatSpec } from './format-spec.ts';
export { parseSpecDocument, type SpecDocument } from './document.ts';
export { compareKeys } from './key-order.ts';
export type { ImagePart } from './image-part.ts';
export { IMAGE_DEFAULTS, type ImageFile, type ImageKernel } from './image-file.ts';
export {
  declaredVariables,
  givenValues,
  parseGivenVariables,
  refuseUndeclared,
  type GivenVariables,
} from './given-variables.ts';
export { classFileSchema, imageFileSchema } from './json-schema.ts';
export { Landlock } from './landlock.ts';
export { FileEntry, type Volume } from './linuxkit-entries.ts';
export { CONFIG_LABEL, mergeContainer } from './merge-container.ts';
export { PackageSet } from './package-set.ts';
export { parseClassFile } from './parse-class.ts';
export { parseClassImage, parseClassParts, type ClassTexts } from './parse-class-image.ts';
export { mergeParts, parseImageFiles, parseImageParts, type ImageOptions } from './parse-image.ts';
export { parseSpec } from './parse-spec.ts';
export type { PathOptions } from './place.ts';
export type { Problem } from './problems.ts';
export { formatReference, inRepository, parseReference, type Reference } from './reference.ts';
export {
  formatRegistryReference,
  parseRegistryReference,
  type RegistryReference,
} from './registry-reference.ts';
export { requireKernel } from './require-kernel.ts';
export { nextOfSchedule } from './schedule.ts';
export { Size } from './size.ts';
export type { SpecFormat } from './spec-fields.ts';
export { unknownProfiles } from './unknown-profiles.ts';
export { UserId } from './user-id.ts';
export { numberUsers, userNumber } from './users.ts';
export { VariableValue, type VariableValues } from './variables.ts';
export { zoneOf, type Zone } from './zones/zone.ts';
