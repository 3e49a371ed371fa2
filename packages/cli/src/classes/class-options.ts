import { SlipwayError, Version } from '@slipway/protocol';
import { InvalidArgumentError, type Command } from 'commander';
import { z } from 'zod';
import { collect, wholeNumber } from '../command.ts';

const words = (texts: readonly string[]): string[] => [
  ...new Set(texts.flatMap((text) => text.split(',')).filter((text) => text !== '')),
];

/** Of `slipway build`: what only builds of device classes take. */
export const CLASS_OPTIONS = {
  class: z.array(z.string()).default([]).transform(words),
  all: z.boolean().default(false),
  repository: z.string().optional(),
  jobs: z.int().min(1).max(64).optional(),
  failFast: z.boolean().default(false),
  imageVersion: Version.default('0.0.0'),
  time: z.int().min(0).optional(),
  agent: z.string().optional(),
  enrolUrl: z.url().optional(),
  serverCa: z.string().optional(),
  releaseRoot: z.string().optional(),
  counter: z.int().min(1).default(1),
  signKey: z.string().optional(),
  signCert: z.string().optional(),
} as const;
const ClassOptions = z.object(CLASS_OPTIONS);
export type ClassOptions = z.infer<typeof ClassOptions>;

const seconds = (text: string): number => {
  const time = /^\d+$/.test(text) ? Number(text) : Date.parse(text) / 1000;
  if (!Number.isFinite(time)) throw new InvalidArgumentError('expected a time such as 2026-01-31T12:00:00Z');
  return Math.floor(time);
};

export const withClassOptions = (command: Command): Command =>
  command
    .optionsGroup('Device classes:')
    .option('--class <names>', 'build these classes of the image repository, several by commas', collect)
    .option('--all', 'build every class of the image repository')
    .option('--repository <folder>', 'the image repository; otherwise the nearest folder with classes/ in it')
    .option('--jobs <number>', 'classes at a time; otherwise as many as there are processors', wholeNumber)
    .option('--fail-fast', 'stop at the first class that fails')
    .option('--image-version <version>', 'what the image calls itself (0.0.0)')
    .option(
      '--time <time>',
      'of every file; otherwise SOURCE_DATE_EPOCH, or that of the newest file',
      seconds,
    )
    .option('--agent <folder>', "with the agent's quickjs.mjs or node.mjs; otherwise SLIPWAY_AGENT_BUNDLES")
    .option('--enrol-url <url>', 'where devices enrol; otherwise at the instance that runs here')
    .option('--server-ca <file>', 'PEM of whom devices trust as a server')
    .option('--release-root <file>', 'PEM of the root that devices verify releases by')
    .option('--counter <number>', 'rises with every release: devices take none below theirs (1)', wholeNumber)
    .option('--sign-key <file>', 'of --format bundle: the RSA key that signs it, PEM')
    .option('--sign-cert <file>', 'its certificate, and those between it and the root of devices, PEM');

/** A class says itself what these would say. */
const OF_IMAGE_FILES = ['size', 'name', 'output', 'arch', 'report', 'sbom'] as const;

/**
 * @param given names of the options on the command line
 * @returns whether classes are to be built, and no image files
 * @throws {SlipwayError} USAGE where the two are mixed, or neither is named
 */
export const wantsClasses = (
  files: readonly string[],
  options: ClassOptions,
  given: ReadonlySet<string>,
): boolean => {
  const refuse = (why: string): never => {
    throw new SlipwayError('USAGE', `${why} See slipway build --help.`);
  };
  const wants = options.class.length > 0 || options.all;
  if (wants) {
    if (files.length > 0) refuse('--class and --all build what class files name: leave the image files out.');
    if (options.class.length > 0 && options.all) refuse('--all is every class: leave --class out.');
    const wrong = OF_IMAGE_FILES.filter((name) => given.has(name));
    if (wrong.length > 0)
      refuse(`Class files say it: leave ${wrong.map((name) => `--${name}`).join(', ')} out.`);
    return true;
  }
  if (files.length === 0) refuse('Name image files, or device classes by --class or --all.');
  const wrong = Object.keys(CLASS_OPTIONS).filter((name) => given.has(name));
  if (wrong.length > 0)
    refuse(
      `--${wrong[0]?.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} is for --class and --all.`,
    );
  return false;
};
