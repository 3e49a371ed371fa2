import { parseSpecDocument } from './document.ts';
import { ClassFile } from './class-file.ts';
import { problemAt, problemsOf, specError } from './problems.ts';
import { inRepository } from './reference.ts';

/**
 * @param fileName relative to the image repository
 * @throws {SlipwayError} SPEC_SYNTAX, SPEC_INVALID
 */
export const parseClassFile = (text: string, fileName: string): ClassFile => {
  const doc = parseSpecDocument(text, fileName);
  const result = ClassFile.safeParse(doc.value);
  if (!result.success) throw specError(problemsOf(doc, ClassFile, result.error));
  const images = result.data.images.map((image, index) => {
    const path = inRepository(fileName, image);
    if (path === undefined)
      throw specError([problemAt(doc, ['images', index], 'expected a path inside the image repository')]);
    return path;
  });
  if (result.data.secureBoot && result.data.bootLoader !== 'systemd-boot')
    throw specError([
      problemAt(doc, ['secureBoot'], 'expected bootLoader: systemd-boot, which is what the firmware checks'),
    ]);
  return { ...result.data, images };
};
