import { SlipwayError } from '@slipway/protocol';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { layerEntries } from '../layer-store.ts';
import type { TarEntry } from '../tar-reader.ts';
import { fetchPackage, type PackageFetcher } from './fetch-package.ts';
import type { DebPackage } from './resolve-packages.ts';

/** The tar of a package's files, whatever it is compressed with; the stream fails if the program does. */
async function* filesystemTar(deb: string, ref: string): AsyncGenerator<Buffer> {
  const child = spawn('dpkg-deb', ['--fsys-tarfile', deb], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, LC_ALL: 'C' },
  });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString()).slice(-4096);
  });
  const ended = once(child, 'close').catch((cause: unknown) => {
    throw new SlipwayError('TOOL_MISSING', 'cannot run dpkg-deb; install dpkg', {
      cause,
      details: { tool: 'dpkg-deb', package: 'dpkg' },
    });
  });
  // Told below; until then nobody listens.
  ended.catch(() => undefined);
  try {
    for await (const chunk of child.stdout) if (Buffer.isBuffer(chunk)) yield chunk;
    const [status]: unknown[] = await ended;
    if (status !== 0)
      throw new SlipwayError(
        'COMPONENT_INVALID',
        `${ref}: expected a Debian package, but dpkg-deb ended with status ${String(status)}: ${errors.trim()}`,
        { details: { component: ref, output: errors } },
      );
  } finally {
    child.kill();
  }
}

/**
 * The entries of a package's files. Their contents lie in a tar that the cache keeps, so the package file itself is
 * needed, and its digest checked, only the first time.
 *
 * @throws {SlipwayError} PACKAGE_FETCH_FAILED, COMPONENT_OFFLINE, COMPONENT_INVALID, LAYER_UNSAFE
 */
export const packageEntries = async (item: DebPackage, fetcher: PackageFetcher): Promise<TarEntry[]> => {
  const ref = `deb:${item.name}@${item.version}`;
  return layerEntries(
    {
      ref,
      key: item.digest.slice('sha256:'.length),
      diffId: undefined,
      compression: 'none',
      open: async () => Readable.from(filesystemTar(await fetchPackage(item, fetcher), ref)),
    },
    fetcher.cacheDir,
  );
};
