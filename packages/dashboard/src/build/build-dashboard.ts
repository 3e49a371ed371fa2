import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

const folder = join(import.meta.dirname, '..', '..');

/** Where it lies once it is built. */
export const DASHBOARD_DIR = join(folder, 'dist');
/** Written last: what the files beside it were made of. */
const STAMP = 'made-of';

const COMPRESSIBLE = /\.(?:js|css|svg|html)$/;
const SOURCES = ['../protocol/src', '../client/src', 'src', 'public'];
const FILES = ['index.html', 'vite.config.ts', 'package.json', '../../package-lock.json'];

/**
 * Builds the dashboard, unless it is there already and made of the same files. Many may do so at once: each builds beside,
 * and what is complete is moved into place.
 *
 * @param say told in a line what takes the time
 * @returns the folder to serve
 */
export const buildDashboard = async (say: (line: string) => void = () => undefined): Promise<string> => {
  const digest = await digestOfSources();
  if ((await readFile(join(DASHBOARD_DIR, STAMP), 'utf8').catch(() => '')) === digest) return DASHBOARD_DIR;
  say('building the dashboard …');
  const staging = join(folder, `dist.${process.pid}`);
  try {
    // Only where there is something to build: it is much to load.
    const { build } = await import('vite');
    await asProduction(() =>
      build({
        configFile: join(folder, 'vite.config.ts'),
        logLevel: 'warn',
        build: { outDir: staging, emptyOutDir: true },
      }),
    );
    await compress(staging);
    await writeFile(join(staging, STAMP), digest);
    const old = `${staging}.old`;
    if (existsSync(DASHBOARD_DIR)) await rename(DASHBOARD_DIR, old);
    await rename(staging, DASHBOARD_DIR);
    await rm(old, { recursive: true, force: true });
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
  return DASHBOARD_DIR;
};

/** Vite takes React for development, three times the size, wherever this says so: as in tests. */
const asProduction = async <T>(work: () => Promise<T>): Promise<T> => {
  const { NODE_ENV: before } = process.env;
  process.env['NODE_ENV'] = 'production';
  try {
    return await work();
  } finally {
    if (before === undefined) delete process.env['NODE_ENV'];
    else process.env['NODE_ENV'] = before;
  }
};

const filesBelow = async (start: string): Promise<string[]> => {
  const entries = await readdir(start, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
};

const digestOfSources = async (): Promise<string> => {
  const below = await Promise.all(SOURCES.map((path) => filesBelow(join(folder, path))));
  const files = [...FILES.map((path) => join(folder, path)), ...below.flat()].toSorted();
  const hash = createHash('sha256');
  for (const file of files) {
    hash.update(`${file.slice(folder.length)}\0`);
    hash.update(await readFile(file));
  }
  return hash.digest('hex');
};

/** Once, as small as it gets, instead of for every answer. */
const compress = async (staging: string): Promise<void> => {
  await mkdir(staging, { recursive: true });
  for (const file of (await filesBelow(staging)).filter((path) => COMPRESSIBLE.test(path))) {
    // Every answer has an index of its own.
    if (file.endsWith('index.html')) continue;
    const content = await readFile(file);
    await writeFile(`${file}.gz`, await promisify(gzip)(content, { level: 9 }));
    const params = { [constants.BROTLI_PARAM_QUALITY]: 11 };
    await writeFile(`${file}.br`, await promisify(brotliCompress)(content, { params }));
  }
};
