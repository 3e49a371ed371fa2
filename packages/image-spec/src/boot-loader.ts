import type { ClassFile } from './class-file.ts';
import type { SpecDocument } from './document.ts';
import { problemAt, specError } from './problems.ts';

const isNamed = ({ value }: SpecDocument): boolean =>
  typeof value === 'object' && value !== null && 'bootLoader' in value;

/**
 * The boot loader of a class, which its board may leave no choice of.
 *
 * @throws {SlipwayError} SPEC_INVALID if board, boot loader, architecture and Secure Boot do not go together
 */
export const bootLoaderOf = (doc: SpecDocument, file: ClassFile): ClassFile['bootLoader'] => {
  const refuse = (key: 'arch' | 'bootLoader' | 'secureBoot', expected: string): never => {
    throw specError([problemAt(doc, [key], `expected ${expected}`)]);
  };
  const isPi = file.board === 'rpi';
  const bootLoader = isPi && !isNamed(doc) ? 'tryboot' : file.bootLoader;
  if (isPi && file.arch !== 'arm64') refuse('arch', 'arm64, which is what board: rpi starts');
  if (isPi !== (bootLoader === 'tryboot'))
    refuse(
      'bootLoader',
      isPi
        ? 'tryboot, which is what a Raspberry Pi has; leave it out'
        : 'systemd-boot or u-boot; tryboot is for board: rpi',
    );
  if (file.secureBoot && bootLoader !== 'systemd-boot')
    refuse('secureBoot', 'bootLoader: systemd-boot, which is what the firmware checks');
  return bootLoader;
};
