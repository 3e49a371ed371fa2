import { SlipwayError } from '@slipway/protocol';
import { createReadStream } from 'node:fs';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { withLock } from '../lock.ts';
import { runTool } from '../run-tool.ts';
import type { AptRoot } from './apt-root.ts';
import type { DebPackage } from './resolve-packages.ts';

export const debPath = (cacheDir: string, { digest }: DebPackage): string =>
  join(cacheDir, 'debs', `${digest.slice('sha256:'.length)}.deb`);

/** @returns undefined if there is no such file */
const digestOfFile = async (path: string): Promise<string | undefined> => {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(path), hash);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  return `sha256:${hash.digest('hex')}`;
};

const failed = (item: DebPackage, why: string, cause?: unknown): SlipwayError =>
  new SlipwayError(
    'PACKAGE_FETCH_FAILED',
    `package ${item.name} ${item.version} (${item.arch}): ${why}; check the mirror and try again`,
    { cause, details: { package: item.name, version: item.version, arch: item.arch } },
  );

/** apt's own download program: it knows this machine's proxies, and checks the digest as it writes. */
const download = async (root: AptRoot, item: DebPackage, target: string): Promise<void> => {
  const scratch = await mkdtemp(join(root.directory, 'cache', 'fetch-'));
  try {
    const file = join(scratch, 'package.deb');
    await runTool(
      '/usr/lib/apt/apt-helper',
      ['-q', 'download-file', item.url, file, `SHA256:${item.digest.slice('sha256:'.length)}`],
      { package: 'apt', env: { APT_CONFIG: root.configFile }, cwd: scratch },
    ).catch((error: unknown) => {
      throw failed(
        item,
        `cannot be downloaded: ${error instanceof Error ? error.message : String(error)}`,
        error,
      );
    });
    const digest = await digestOfFile(file);
    if (digest !== item.digest) throw failed(item, `expected ${item.digest}, found ${digest ?? 'nothing'}`);
    await rename(file, target);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
};

/**
 * Sees to it that every package lies in the cache, under its digest and with those bytes.
 *
 * @throws {SlipwayError} PACKAGE_FETCH_FAILED
 */
export const fetchPackages = async (
  root: AptRoot,
  packages: readonly DebPackage[],
  cacheDir: string,
  log: (line: string) => void,
): Promise<void> => {
  await mkdir(join(cacheDir, 'debs'), { recursive: true });
  const missing: DebPackage[] = [];
  for (const item of packages)
    if ((await digestOfFile(debPath(cacheDir, item))) !== item.digest) missing.push(item);
  const queue = [...missing];
  const worker = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) {
      const next = item;
      await withLock(join(cacheDir, 'locks', `deb-${next.digest.slice(7)}`), async () => {
        const target = debPath(cacheDir, next);
        if ((await digestOfFile(target)) === next.digest) return;
        log(`downloading ${next.name} ${next.version} (${Math.ceil(next.size / 1024)} KiB)`);
        await download(root, next, target);
      });
    }
  };
  await Promise.all([worker(), worker(), worker(), worker()]);
};
