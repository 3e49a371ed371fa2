import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import { SlipwayError } from '@slipway/protocol';
import { z } from 'zod';
import { leaf, print, word, type MakeContext } from '../command.ts';
import { connect, type Context } from '../context.ts';
import { size, table } from '../table.ts';

const digestFile = async (path: string): Promise<string> => {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return `sha256:${hash.digest('hex')}`;
};

const sizeOf = (path: string): Promise<number> =>
  stat(path).then(
    (info) => info.size,
    () => 0,
  );

/** Goes on with what an earlier download left, and gives the file its name once its digest is the one on record. */
const download = async (context: Context, id: string, name: string, output: string): Promise<void> => {
  const client = await connect(context);
  const artifacts = await client.builds.listArtifacts(id);
  const artifact = artifacts.find((one) => one.name === name);
  if (artifact === undefined)
    throw new SlipwayError(
      'NOT_FOUND',
      `Build ${id} has no artifact ${name}; it has: ${artifacts.map((one) => one.name).join(', ') || 'none yet'}.`,
    );
  const path = resolve(context.cwd, output);
  const part = `${path}.part`;
  const have = await sizeOf(part);
  if (have < artifact.size) {
    const answer = await client.builds.getArtifact(id, name, {
      signal: context.signal,
      headers: have === 0 ? {} : { range: `bytes=${have}-`, 'if-range': `"${artifact.digest}"` },
    });
    const flags = answer.status === 206 ? 'a' : 'w';
    if (answer.body !== null)
      await pipeline(Readable.fromWeb(answer.body), createWriteStream(part, { flags }), {
        signal: context.signal,
      });
  }
  const found = await digestFile(part);
  if (found !== artifact.digest) {
    await rm(part, { force: true });
    throw new SlipwayError(
      'BUNDLE_DIGEST_MISMATCH',
      `${name}: expected ${artifact.digest}, received ${found}; nothing was kept. Download it again; if it recurs, find out who writes into the store.`,
    );
  }
  await rename(part, path);
  print(context, { ...artifact, path }, () => `${path}  ${size(artifact.size)}  ${artifact.digest}`);
};

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
      await download(context, word(words, 0), name, output ?? name);
    },
  });
};
