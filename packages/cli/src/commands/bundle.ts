import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import {
  DEFAULT_PROFILE,
  MANIFEST_NAME,
  MAX_MANIFEST_BYTES,
  messageOf,
  SigningProfile,
  SlipwayError,
  type Manifest,
} from '@slipway/protocol';
import { z } from 'zod';
import { leaf, print, word, type MakeContext } from '../command.ts';
import { connect, type Context } from '../context.ts';
import { hasOtherProfiles, releaseRoot } from '../release-root.ts';
import { facts, size, table, time } from '../table.ts';

const show = (manifest: Manifest): string =>
  [
    facts({
      release: manifest.release,
      build: manifest.build,
      class: manifest.deviceClass,
      arch: manifest.arch,
      version: manifest.version,
      counter: manifest.counter,
      'time floor': time(new Date(manifest.timeFloor * 1000).toISOString()),
      'root hash': manifest.rootHash,
      'agent at least': manifest.minimumAgent,
    }),
    '',
    table(
      ['file', 'size', 'chunks', 'digest'],
      manifest.files.map((file) => [file.name, size(file.size), String(file.chunks.length), file.digest]),
    ),
  ].join('\n');

/** What a bundle claims, unverified. */
const readManifest = async (path: string): Promise<Manifest> => {
  const { expectEntry, parseManifest, readFully, TAR_BLOCK_BYTES } = await import('@slipway/bundle');
  const file = await open(path, 'r').catch((cause: unknown) => {
    throw new SlipwayError('NOT_FOUND', `${path} cannot be read: ${messageOf(cause)}`, { cause });
  });
  try {
    const length = expectEntry(await readFully(file, 0, TAR_BLOCK_BYTES), MANIFEST_NAME);
    if (length > MAX_MANIFEST_BYTES) {
      throw new SlipwayError(
        'BUNDLE_MALFORMED',
        `The manifest has ${length} bytes; at most ${MAX_MANIFEST_BYTES}.`,
      );
    }
    return parseManifest(await readFully(file, TAR_BLOCK_BYTES, length));
  } finally {
    await file.close();
  }
};

/**
 * Whose keys have to have signed a bundle, as the server has it of its release: what the bundle itself says is its claim.
 *
 * @throws {SlipwayError} NOT_FOUND where the server has no such release of the class
 */
const profileOf = async (context: Context, path: string): Promise<SigningProfile> => {
  const { release, deviceClass } = await readManifest(path);
  if (!(await hasOtherProfiles(context))) return DEFAULT_PROFILE;
  const known = await (await connect(context)).releases.get(release);
  if (known.deviceClass === deviceClass) return known.signing ?? DEFAULT_PROFILE;
  throw new SlipwayError(
    'BUNDLE_CLASS_MISMATCH',
    `The bundle says it is ${release} of ${deviceClass}; the release of this id is of ${known.deviceClass}.`,
  );
};

export const bundleCommands = (program: Command, makeContext: MakeContext): void => {
  const bundle = program
    .command('bundle')
    .summary('look into bundles')
    .description('Look into bundle files.');
  leaf(bundle, makeContext, {
    usage: 'verify <file>',
    summary: 'verify signature and every byte of a bundle',
    options: z.object({
      root: z.string().optional(),
      profile: SigningProfile.optional(),
      class: z.string().optional(),
    }),
    build: (command) =>
      command
        .option(
          '--root <pem>',
          'the release root, the only one trusted; otherwise that of the running instance, by the signing profile of the release',
        )
        .option('--profile <name>', 'the signing profile of the running instance that it must be by')
        .option('-c, --class <name>', 'the device class it must be for'),
    run: async (context, words, options) => {
      const { verifyBundle } = await import('@slipway/bundle');
      const path = resolve(context.cwd, word(words, 0));
      const { profile } = options;
      const releaseRootPem = await releaseRoot(context, options.root, async () =>
        profile === undefined ? profileOf(context, path) : profile,
      );
      const verified = await verifyBundle(path, {
        releaseRootPem,
        ...(options.class === undefined ? {} : { deviceClass: options.class }),
      });
      print(context, verified, () => `verified, ${verified.digest}\n\n${show(verified.manifest)}`);
    },
  });
  leaf(bundle, makeContext, {
    usage: 'show <file>',
    summary: 'show what a bundle claims, without verifying it',
    options: z.object({}),
    run: async (context, words) => {
      const manifest = await readManifest(resolve(context.cwd, word(words, 0)));
      print(context, manifest, () => show(manifest));
    },
  });
};
