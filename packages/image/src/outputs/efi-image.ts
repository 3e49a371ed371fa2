import { readContent, readRange, type Content, type Piece } from '@slipway/components';
import { efiNames, SlipwayError } from '@slipway/protocol';
import { peWithSections } from '../pe.ts';
import { fileAt } from '../resolve-path.ts';
import { bootFiles, requireBootKernel } from './boot-files.ts';
import { initrdPieces } from './initrd.ts';
import type { OutputInput } from './output.ts';

const stubOf = async ({ efiPrograms, arch }: OutputInput): Promise<Uint8Array> => {
  const { stub: name } = efiNames(arch);
  const file = fileAt(await efiPrograms(), `usr/lib/systemd/boot/efi/${name}`);
  if (file !== undefined) return readContent(file.content);
  throw new SlipwayError(
    'COMPONENT_INVALID',
    `expected ${name} in the package set slipway-loader for ${arch}, found none; let it install systemd-boot-efi`,
  );
};

const GZIP = Buffer.of(0x1f, 0x8b);

/** Firmware starts programs in the PE format, which a kernel with CONFIG_EFI_STUB is. */
const assertEfiKernel = (kernel: Content, format: string): void => {
  const start = Buffer.from(readRange(kernel, 0, 2));
  if (start.toString('latin1') === 'MZ') return;
  const mend = start.equals(GZIP)
    ? 'this one is compressed by gzip: build with --decompress-kernel'
    : 'choose kernel+initrd, or another kernel';
  throw new SlipwayError(
    'OUTPUT_UNSUPPORTED',
    `expected a kernel that UEFI starts (one built with CONFIG_EFI_STUB) for the format ${format}, found one without its header; ${mend}`,
    { details: { format } },
  );
};

/**
 * The whole image as one program of UEFI: kernel, command line and the same initrd as that of `kernel+initrd`, behind
 * systemd's stub.
 *
 * @throws {SlipwayError} OUTPUT_UNSUPPORTED, ARCH_UNSUPPORTED, and as `efiPrograms`
 */
export const efiImage = async (input: OutputInput, format: string): Promise<Piece[]> => {
  const boot = bootFiles(input.tree);
  const kernel = requireBootKernel(boot, format);
  assertEfiKernel(kernel, format);
  const stub = await stubOf(input);
  const initrd = await initrdPieces(input.tree, boot.ucode, input.cacheDir);
  return peWithSections(stub, [
    { name: '.linux', content: kernel },
    { name: '.initrd', content: initrd },
    { name: '.osrel', content: Buffer.from(`ID=linux\nPRETTY_NAME="${input.name}"\n`) },
    { name: '.cmdline', content: boot.cmdline ?? Buffer.alloc(0) },
  ]);
};
