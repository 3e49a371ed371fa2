import { join, resolve } from 'node:path';
import { SlipwayError } from '@slipway/protocol';
import type { Command } from 'commander';
import { z } from 'zod';
import { leaf, print, word, type MakeContext } from '../command.ts';
import { connect } from '../context.ts';
import { artifactNamed, downloadArtifact } from '../download-artifact.ts';
import {
  artifactTable,
  downloadOutputs,
  downloadProgress,
  Formats,
  withFormatOptions,
} from '../download-outputs.ts';
import { size } from '../table.ts';

export const buildFileCommands = (builds: Command, makeContext: MakeContext): void => {
  leaf(builds, makeContext, {
    usage: 'artifacts <build>',
    summary: 'list the files that a build made',
    options: z.object({}),
    run: async (context, words) => {
      const found = await (await connect(context)).builds.listArtifacts(word(words, 0));
      print(context, found, () => artifactTable(found, context.columns));
    },
  });
  leaf(builds, makeContext, {
    usage: 'download <build> [artifact]',
    summary:
      'download a file of a build, or the bundle and disks of its release in all or some formats; goes on where it broke off',
    options: z.object({
      output: z.string().min(1).optional(),
      format: Formats,
      dir: z.string().min(1).optional(),
    }),
    build: (command) =>
      withFormatOptions(command).option(
        '-o, --output <file>',
        'where a file that is named goes to (its name, here)',
      ),
    run: async (context, words, { output, format: formats, dir }) => {
      const [id, name] = [word(words, 0), words[1]];
      const client = await connect(context);
      if (name === undefined) {
        if (output !== undefined)
          throw new SlipwayError('USAGE', '--output is of one file that is named. Say --dir.');
        const build = await client.builds.get(id);
        if (build.state !== 'succeeded')
          throw new SlipwayError(
            'CONFLICT',
            `Build ${id} is ${build.state}, so there is no release of it. Wait for its end, or name a file of slipway builds artifacts ${id}.`,
            { details: { state: build.state } },
          );
        return downloadOutputs(context, client, await client.releases.get(build.release), { formats, dir });
      }
      if (formats.length > 0)
        throw new SlipwayError('USAGE', 'Name a file of the build, or formats of its release, not both.');
      const artifact = artifactNamed(await client.builds.listArtifacts(id), name, `Build ${id}`);
      const saved = await downloadArtifact({
        artifact,
        get: (options) => client.builds.getArtifact(id, name, options),
        path: resolve(context.cwd, output ?? join(dir ?? '.', name)),
        signal: context.signal,
        progress: downloadProgress(context),
      });
      print(context, saved, () => `${saved.path}  ${size(saved.size)}  ${saved.digest}`);
    },
  });
};
