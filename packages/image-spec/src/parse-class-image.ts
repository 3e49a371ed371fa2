import { checkImage } from './check-image.ts';
import type { ClassFile } from './class-file.ts';
import { formatPath, parseSpecDocument, type SpecDocument } from './document.ts';
import type { ImageFile } from './image-file.ts';
import type { ImagePart } from './image-part.ts';
import { parseClassFile } from './parse-class.ts';
import { mergeParts, parsePart, type Text } from './parse-image.ts';
import { problemAt, specError } from './problems.ts';
import type { VariableValues } from './variables.ts';

/** The texts that a class is built from; names are relative to the image repository. */
export type ClassTexts = {
  readonly classFile: Text;
  /** those that the class names, in its order */
  readonly imageFiles: readonly Text[];
  /** given beside the files, in place of what these say; names that no image file declares are not among them */
  readonly variables?: VariableValues | undefined;
};

/** The part of a file below a key, as a document whose places are those in the file. */
const below = (doc: SpecDocument, key: string, value: unknown): SpecDocument => ({
  file: doc.file,
  value,
  positionOf: (path) => doc.positionOf([key, ...path]),
  positionOfKey: (path, name) => doc.positionOfKey([key, ...path], name),
});

/** What a class sets and no image file has: most likely a name was misspelt. */
const refuseUnknown = (doc: SpecDocument, deviceClass: ClassFile, parts: readonly ImagePart[]): void => {
  const known = [...new Set(parts.flatMap(({ text }) => Object.keys(text.variables ?? {})))];
  const problems = Object.keys(deviceClass.variables)
    .filter((name) => !known.includes(name))
    .map((found) =>
      problemAt(doc, ['variables', found], `no image file declares the variable ${formatPath([found])}`, {
        found,
        allowed: known,
      }),
    );
  if (problems.length > 0) throw specError(problems);
};

/**
 * A class with its image files one by one and its overlay as the last, checked together.
 *
 * @throws {SlipwayError} SPEC_SYNTAX, SPEC_INVALID, COMPONENT_REF_INVALID
 */
export const parseClassParts = ({
  classFile,
  imageFiles,
  variables: given,
}: ClassTexts): { readonly deviceClass: ClassFile; readonly parts: readonly ImagePart[] } => {
  const deviceClass = parseClassFile(classFile.text, classFile.name);
  const { overlay } = deviceClass;
  const variables = { ...deviceClass.variables, ...given };
  const parts = imageFiles.map(({ name, text }) => parsePart(parseSpecDocument(text, name), { variables }));
  const doc = parseSpecDocument(classFile.text, classFile.name);
  refuseUnknown(doc, deviceClass, parts);
  if (overlay !== undefined) parts.push(parsePart(below(doc, 'overlay', overlay), {}));
  checkImage(parts);
  return { deviceClass, parts };
};

/**
 * What devices of a class get: its image files with its variables, and its overlay over them.
 *
 * @throws {SlipwayError} as `parseClassParts`
 */
export const parseClassImage = (
  texts: ClassTexts,
): { readonly deviceClass: ClassFile; readonly spec: ImageFile } => {
  const { deviceClass, parts } = parseClassParts(texts);
  return { deviceClass, spec: mergeParts(parts) };
};
