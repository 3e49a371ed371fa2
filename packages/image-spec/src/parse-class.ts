import { ARCHITECTURES, SlipwayError } from '@slipway/protocol';
import { parseSpecDocument } from './document.ts';
import { bootLoaderOf } from './boot-loader.ts';
import { ClassFile } from './class-file.ts';
import { checkTriggers, serverOnly } from './class-triggers.ts';
import { problemAt, problemsOf, specError } from './problems.ts';
import { inRepository } from './reference.ts';

/**
 * @param fileName relative to the image repository
 * @throws {SlipwayError} SPEC_SYNTAX, SPEC_INVALID, ARCH_UNSUPPORTED
 */
export const parseClassFile = (text: string, fileName: string): ClassFile => {
  const doc = parseSpecDocument(text, fileName);
  const ofServer = serverOnly(doc);
  if (ofServer.length > 0) throw specError(ofServer);
  const result = ClassFile.safeParse(doc.value);
  if (!result.success) throw specError(problemsOf(doc, ClassFile, result.error));
  const triggers = checkTriggers(doc, result.data.triggers, result.data.name);
  if (triggers.length > 0) throw specError(triggers);
  const images = result.data.images.map((image, index) => {
    const path = inRepository(fileName, image);
    if (path === undefined)
      throw specError([problemAt(doc, ['images', index], 'expected a path inside the image repository')]);
    return path;
  });
  const { arch, secureBoot } = result.data;
  if (ARCHITECTURES[arch].efi === undefined)
    throw new SlipwayError(
      'ARCH_UNSUPPORTED',
      `${fileName}: devices of ${arch} have no UEFI, by which they choose a slot, so there are no classes of it; build kernel+initrd or tar from the image files with slipway build --arch ${arch}`,
      { details: { arch, file: fileName } },
    );
  if (secureBoot && ARCHITECTURES[arch].elf.bits === 32)
    throw specError([
      problemAt(doc, ['secureBoot'], `expected false: no firmware checks signatures on ${arch}`),
    ]);
  return { ...result.data, bootLoader: bootLoaderOf(doc, result.data), images };
};
