import { join } from 'node:path';
import { tarPieces, type Content, type TreeEntry } from '@slipway/components';
import { GENERATED_MTIME } from '../linuxkit/generated.ts';
import { bootFiles, requireBootKernel } from './boot-files.ts';
import { initrdPieces } from './initrd.ts';
import { writeOutput, writeShared, type WriteOutput } from './output.ts';
import { writeUnhashed } from './write-file.ts';

/** The image as the initrd of its kernel, in two or three files. */
export const kernelInitrd: WriteOutput = async (input) => {
  const boot = bootFiles(input.tree);
  const kernel = requireBootKernel(boot, 'kernel+initrd');
  const initrd = await initrdPieces(input.tree, boot.ucode, input.cacheDir);
  const files = [
    ...(await writeShared(input, '-kernel', [kernel])),
    await writeOutput(input, '-initrd.img', initrd),
  ];
  if (boot.cmdline !== undefined) files.push(...(await writeShared(input, '-cmdline', [boot.cmdline])));
  return files;
};

const archived = (path: string, content: Content | undefined): TreeEntry[] =>
  content === undefined
    ? []
    : [
        {
          path,
          type: 'file',
          mode: 0o644,
          uid: 0,
          gid: 0,
          mtime: GENERATED_MTIME,
          source: 'slipway',
          content,
        },
      ];

/** The same in a tar, with microcode as a file of its own. */
export const tarKernelInitrd: WriteOutput = async (input) => {
  const boot = bootFiles(input.tree);
  const kernel = requireBootKernel(boot, 'tar-kernel-initrd');
  const file = join(input.staging.folder, 'initrd.img');
  const size = await writeUnhashed(file, await initrdPieces(input.tree, undefined, input.cacheDir));
  const entries = [
    ...archived('kernel', kernel),
    ...archived('initrd.img', { file, offset: 0, size }),
    ...archived('cmdline', boot.cmdline),
    ...archived('ucode.cpio', boot.ucode),
  ];
  return [await writeOutput(input, '-initrd.tar', tarPieces(entries))];
};
