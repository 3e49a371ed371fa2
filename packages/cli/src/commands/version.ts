import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { z } from 'zod';
import { leaf, print, type MakeContext } from '../command.ts';

const PackageJson = z.object({ version: z.string() });

export const versionCommand = (program: Command, makeContext: MakeContext): void => {
  leaf(program, makeContext, {
    usage: 'version',
    summary: 'print the version of this command',
    options: z.object({}),
    run: async (context) => {
      const path = join(import.meta.dirname, '..', '..', 'package.json');
      const { version } = PackageJson.parse(JSON.parse(await readFile(path, 'utf8')));
      print(
        context,
        { version, node: process.versions.node, platform: `${process.platform}/${process.arch}` },
        () => `slipway ${version}, Node ${process.versions.node}, ${process.platform}/${process.arch}`,
      );
    },
  });
};
