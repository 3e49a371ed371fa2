/**
 * Image files and class files: what may stand in them, and errors that name file, line, column, key and what is
 * allowed. Used by the builder, the API and the CLI. Trusts nothing in the texts; reads no files itself.
 */
export { ClassFile, OUTPUTS } from './class-file.ts';
export { Container, ContainerSettings, type Device, type Mount } from './container.ts';
export { DebianSource, GENERATE_RULES, SNAPSHOT, type GenerateRule } from './debian-source.ts';
export { FileEntry, IMAGE_DEFAULTS, PackageSet, type ImageFile } from './image-file.ts';
export { classFileSchema, imageFileSchema } from './json-schema.ts';
export { CONFIG_LABEL, mergeContainer } from './merge-container.ts';
export { parseClassFile } from './parse-class.ts';
export { parseImageFiles } from './parse-image.ts';
export { parseSpec } from './parse-spec.ts';
export type { Problem } from './problems.ts';
export { formatReference, inRepository, parseReference, type Reference } from './reference.ts';
export { Size } from './size.ts';
