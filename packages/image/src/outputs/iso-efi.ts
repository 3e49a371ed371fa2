import { join } from 'node:path';
import { efiNames } from '@slipway/protocol';
import { uuidOf } from '@slipway/sbom';
import { runPieces } from '../disk-runs.ts';
import { fatPartition } from '../esp.ts';
import { GENERATED_MTIME } from '../linuxkit/generated.ts';
import { runTool } from '../tool.ts';
import { efiImage } from './efi-image.ts';
import { leastEspBytes } from './efi-partition.ts';
import { addOutput, type OutputInput, type WriteOutput } from './output.ts';
import { writeUnhashed } from './write-file.ts';

/** within the ISO */
const ESP_FILE = 'efi.img';

export const ISO_SUFFIX = '-efi.iso';

/** What ISO 9660 allows in the name of a volume. */
const volumeName = (name: string): string =>
  name
    .toUpperCase()
    .replaceAll(/[^A-Z0-9_]/g, '_')
    .slice(0, 32);

/** As xorriso takes it: to hundredths of a second. */
const TIME = `${new Date(GENERATED_MTIME * 1000).toISOString().replaceAll(/\D/g, '').slice(0, 14)}00`;

const makeEsp = async (input: OutputInput, path: string): Promise<void> => {
  const { name, arch, staging } = input;
  const program = join(staging.folder, 'iso.efi');
  const size = await writeUnhashed(program, await efiImage(input, 'iso-efi'));
  const espBytes = leastEspBytes(size, 'iso');
  const runs = fatPartition(
    { offset: 0, size: espBytes },
    [{ path: efiNames(arch).firstFile, content: { file: program, offset: 0, size } }],
    { label: 'ESP', deviceClass: name, time: GENERATED_MTIME },
  );
  await writeUnhashed(path, runPieces(runs, espBytes), { sparse: true });
};

/**
 * A CD that UEFI starts, and the same bytes as a USB stick: an EFI system partition with the whole image as one program. It
 * is a file of an ISO 9660 file system, at which El Torito's catalogue and the GPT point: firmware takes an El Torito image
 * of this size to end where the file system does, so it must lie inside.
 */
export const isoEfi: WriteOutput = async (input) => {
  const { name, staging } = input;
  const esp = join(staging.folder, 'iso-esp.img');
  await makeEsp(input, esp);
  await runTool(
    'xorriso',
    [
      // Nothing of the settings of the machine; only as the first word.
      '-no_rc',
      ['-as', 'mkisofs', '-quiet', '-o', join(staging.folder, `${name}${ISO_SUFFIX}`)],
      ['-volid', volumeName(name), '--gpt_disk_guid', uuidOf(`iso ${name}`)],
      ['-e', ESP_FILE, '-no-emul-boot', '--efi-boot-part', '--efi-boot-image'],
      // Nothing of whoever calls.
      ['--set_all_file_dates', TIME, '-uid', '0', '-gid', '0', '-dir-mode', '0755', '-file-mode', '0644'],
      ['-graft-points', `${ESP_FILE}=${esp.replaceAll(/[\\=]/g, String.raw`\$&`)}`],
    ],
    // Of the volume, and for the GUIDs of partitions.
    { env: { SOURCE_DATE_EPOCH: String(GENERATED_MTIME) } },
  );
  return [await addOutput(input, ISO_SUFFIX)];
};
