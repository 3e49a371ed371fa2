import { execFile } from 'node:child_process';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { accessSync, constants } from 'node:fs';
import { promisify } from 'node:util';
import type { Request } from './builder.ts';

const run = promisify(execFile);

/** Asks LinuxKit for its cache; the option stands elsewhere in every version. */
export const linuxkitEnvironment = (cacheDir: string): NodeJS.ProcessEnv => ({ LINUXKIT_CACHE: cacheDir });

/** @returns undefined where there is none on the PATH */
export const findLinuxkit = (path: string): string | undefined =>
  path
    .split(delimiter)
    .map((folder) => join(folder, 'linuxkit'))
    .find((program) => {
      try {
        accessSync(program, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });

export const linuxkitVersion = async (program: string): Promise<string> => {
  const { stdout } = await run(program, ['version']);
  return /version\s*:?\s*(\S+)/i.exec(stdout)?.[1] ?? stdout.trim();
};

/** Puts every layout into LinuxKit's cache, so that its builds find them without a registry. */
export const importLayouts = async (program: string, layouts: string, cacheDir: string): Promise<void> => {
  await rm(cacheDir, { recursive: true, force: true });
  await mkdir(cacheDir, { recursive: true });
  for (const name of await readdir(layouts)) {
    const archive = join(cacheDir, `${name}.import.tar`);
    await run('tar', ['-cf', archive, '-C', join(layouts, name), 'oci-layout', 'blobs', 'index.json']);
    await run(program, ['cache', 'import', archive], {
      env: { ...process.env, ...linuxkitEnvironment(cacheDir) },
    });
    await rm(archive);
  }
};

/** @param earlier a tar that what has not changed is taken from */
export const linuxkitBuild = (
  program: string,
  arch: string,
  { output, version, outDir }: Request,
  earlier: string | undefined,
): string[] => [
  program,
  'build',
  `--format=${output}`,
  `--arch=${arch}`,
  '--name=bench',
  `--dir=${outDir}`,
  '--no-sbom',
  ...(earlier === undefined ? [] : [`--input-tar=${earlier}`]),
  `linuxkit-${version}.yml`,
];
