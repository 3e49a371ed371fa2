import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { SlipwayError } from '@slipway/protocol';
import { findPartition } from '@slipway/vm';

/**
 * Puts files into the data partition of a disk that has not been started, readable by root alone.
 *
 * @param files what is in them, by their paths below /data
 * @throws {SlipwayError} TOOL_FAILED
 */
export const provisionData = async (disk: string, files: Readonly<Record<string, string>>): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-data-'));
  try {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), text, { mode: 0o600 });
    }
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const commands = entries.map((entry) => {
      const source = join(entry.parentPath, entry.name);
      const target = relative(folder, source);
      return entry.isDirectory() ? `mkdir ${target}` : `write ${source} ${target}`;
    });
    const script = join(folder, 'commands');
    await writeFile(script, `${commands.join('\n')}\n`);
    const { offset } = await findPartition(disk, 'data');
    const { stderr } = await promisify(execFile)(
      'debugfs',
      ['-w', '-f', script, `${disk}?offset=${offset}`],
      { env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` } },
    );
    // It ends well whatever becomes of a command; its first line is its version.
    const complaints = stderr.split('\n').slice(1).join('\n').trim();
    if (complaints !== '') throw new SlipwayError('TOOL_FAILED', `debugfs: ${complaints}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};
