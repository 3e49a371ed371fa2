import { join, resolve } from 'node:path';
import type { Client } from '@slipway/client';
import { artifactOfFormat, OutputFormat, savedName, type Artifact, type Release } from '@slipway/protocol';
import type { Command } from 'commander';
import { z } from 'zod';
import { showProgress, type Progress } from './build-progress.ts';
import { collect, print } from './command.ts';
import type { Context } from './context.ts';
import { artifactNamed, downloadArtifact } from './download-artifact.ts';
import { size, table } from './table.ts';

/** Formats by commas or by repeating an option, each once. */
export const Formats = z
  .array(z.string())
  .default([])
  .transform((texts) => [...new Set(texts.flatMap((text) => text.split(',')))])
  .pipe(z.array(OutputFormat));

export const withFormatOptions = (command: Command): Command =>
  command
    .option(
      '-f, --format <formats>',
      `${OutputFormat.options.join(', ')}; several by commas or by repeating`,
      collect,
    )
    .option('-d, --dir <folder>', 'where to, as CLASS-VERSION with a suffix (here)');

export const artifactTable = (artifacts: readonly Artifact[], columns: number | undefined): string =>
  table(
    ['artifact', 'format', 'size', 'digest'],
    artifacts.map((one) => [one.name, one.format ?? '', size(one.size), one.digest]),
    columns,
  );

/** How far a download is, on standard error of a terminal. */
export const downloadProgress = (context: Context): Progress =>
  showProgress(context, context.isTerminal === true && !context.json, () => performance.now());

type Wanted = { readonly formats: readonly OutputFormat[]; readonly dir?: string | undefined };

/**
 * Downloads outputs of a release, one after the other: those of some formats, or all that there are.
 *
 * @throws {SlipwayError} NOT_FOUND before anything is downloaded, where one was not made or is gone
 */
export const downloadOutputs = async (
  context: Context,
  client: Client,
  release: Release,
  { formats, dir = '.' }: Wanted,
): Promise<void> => {
  const there = await client.releases.listArtifacts(release.id);
  const names = new Set(formats.length === 0 ? there.map(({ name }) => name) : formats.map(artifactOfFormat));
  const wanted = [...names].map((name) => artifactNamed(there, name, `Release ${release.id}`));
  const progress = downloadProgress(context);
  const saved: Awaited<ReturnType<typeof downloadArtifact>>[] = [];
  for (const artifact of wanted)
    saved.push(
      await downloadArtifact({
        artifact,
        get: (options) => client.releases.getArtifact(release.id, artifact.name, options),
        path: resolve(context.cwd, join(dir, savedName(release, artifact.name))),
        signal: context.signal,
        progress,
      }),
    );
  print(context, saved, () => saved.map((one) => `${one.path}  ${size(one.size)}  ${one.digest}`).join('\n'));
};
