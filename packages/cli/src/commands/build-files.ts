import { resolve } from 'node:path';
import type { Command } from 'commander';
import { z } from 'zod';
import { leaf, print, word, type MakeContext } from '../command.ts';
import { connect } from '../context.ts';
import { downloadArtifact } from '../download-artifact.ts';
import { size, table } from '../table.ts';

export const buildFileCommands = (builds: Command, makeContext: MakeContext): void => {
  leaf(builds, makeContext, {
    usage: 'artifacts <build>',
    summary: 'list the files that a build made',
    options: z.object({}),
    run: async (context, words) => {
      const found = await (await connect(context)).builds.listArtifacts(word(words, 0));
      print(context, found, () =>
        table(
          ['artifact', 'size', 'digest'],
          found.map((one) => [one.name, size(one.size), one.digest]),
          context.columns,
        ),
      );
    },
  });
  leaf(builds, makeContext, {
    usage: 'download <build> <artifact>',
    summary: 'download a file of a build, compared with its digest; goes on where it broke off',
    options: z.object({ output: z.string().min(1).optional() }),
    build: (command) => command.option('-o, --output <file>', 'where to (the name of the artifact, here)'),
    run: async (context, words, { output }) => {
      const name = word(words, 1);
      const path = resolve(context.cwd, output ?? name);
      const client = await connect(context);
      const artifact = await downloadArtifact(client, word(words, 0), name, path, context.signal);
      print(context, { ...artifact, path }, () => `${path}  ${size(artifact.size)}  ${artifact.digest}`);
    },
  });
};
