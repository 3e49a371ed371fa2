import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Request } from './builder.ts';

const PackageJson = z.object({ bin: z.object({ slipway: z.string() }) });

/** The command as its users have it: what `bin` of package.json names. */
export const slipwayProgram = async (root: string): Promise<string> => {
  const { bin } = PackageJson.parse(JSON.parse(await readFile(join(root, 'package.json'), 'utf8')));
  return join(root, bin.slipway);
};

/** Like for like: the peer is asked for no SBOM either. `described` is what users get when they ask for nothing. */
export const slipwayBuild = (
  program: string,
  arch: string,
  { output, version, outDir, cacheDir }: Request,
  described: boolean,
): string[] => [
  program,
  'build',
  `--format=${output}`,
  `--arch=${arch}`,
  '--name=bench',
  `--dir=${outDir}`,
  `--cache=${cacheDir}`,
  '--no-lock',
  '--quiet',
  ...(described ? [] : ['--no-sbom', '--no-provenance', '--no-contents']),
  `slipway-${version}.yml`,
];
