import { SlipwayError, type Digest } from '@slipway/protocol';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Component, ResolveOptions } from '../component.ts';
import { readOciComponent } from '../oci-component.ts';
import { openBases, type BaseImage, type Resolve } from './base-images.ts';
import { writeBase } from './base-layout.ts';
import { buildahEngine } from './buildah.ts';
import { buildkitEngine } from './buildkit.ts';
import { copyBuildContext, readBuildContext, type BuildContext } from './context.ts';
import type { Engine, EngineJob } from './engine.ts';
import { engineText } from './engine-text.ts';
import { cacheKey, declaredBuild, readDockerfile, textDigest, type ReadDockerfile } from './plan.ts';
import { storedResult } from './result-store.ts';
import type { Step, StepFailure } from './step-log.ts';

/** How a component was made from a Dockerfile, for the provenance. */
export type DockerfileFacts = {
  /** OCI layout in the cache */
  readonly layout: string;
  readonly engine: string;
  readonly isolation: string;
  readonly network: 'host' | 'none';
  readonly target?: string | undefined;
  readonly args: Readonly<Record<string, string>>;
  readonly dockerfile: { readonly name: string; readonly digest: Digest };
  readonly context: { readonly name: string; readonly digest: Digest };
  readonly bases: readonly { readonly ref: string; readonly digest: Digest }[];
};

const requireEngine = (ref: string, options: ResolveOptions): Engine => {
  const { dockerfileBuilds, signal } = options;
  if (dockerfileBuilds === undefined)
    throw new SlipwayError(
      'DOCKERFILE_BUILDS_OFF',
      `${ref} is built from a Dockerfile, whose commands would run on this machine as root; if you trust them, run slipway build with --allow-dockerfile-builds, or give a build worker SLIPWAY_DOCKERFILE_BUILDS=on`,
      { details: { component: ref } },
    );
  const { buildkit } = dockerfileBuilds;
  return buildkit === undefined ? buildahEngine(signal) : buildkitEngine(buildkit, signal);
};

const shorten = (text: string): string => {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > 200 ? `${line.slice(0, 200)}…` : line;
};

type Plan = {
  readonly ref: string;
  readonly read: ReadDockerfile;
  readonly context: BuildContext;
  readonly bases: readonly BaseImage[];
  readonly engine: Engine;
  readonly build: EngineJob['build'];
};

const failed = ({ ref, read, engine }: Plan, { step, status, why, output }: StepFailure): SlipwayError => {
  const { file } = read.dockerfile;
  const missing = /could not find "([\w-]+)"/.exec(why)?.[1];
  if (missing !== undefined)
    return new SlipwayError('TOOL_MISSING', `buildah: ${why}; install ${missing}`, {
      details: { tool: missing, package: missing },
    });
  if (step === undefined)
    return new SlipwayError(
      'DOCKERFILE_ENGINE_UNAVAILABLE',
      `${ref}: the engine could not begin: ${why === '' ? (output.at(-1) ?? 'it said nothing') : why}; ${engine.needs}`,
      { details: { component: ref, output } },
    );
  const last = output.length === 0 ? '' : `\n${output.map((line) => `  ${line}`).join('\n')}`;
  const { number, of, text, line } = step;
  const end = status === undefined ? `failed: ${why}` : `ended with status ${status}`;
  const place = line === undefined ? file : `${file}:${line}`;
  return new SlipwayError(
    'DOCKERFILE_BUILD_FAILED',
    `${ref}: ${place}: step ${number} of ${of} (${shorten(text)}) ${end}; mend the Dockerfile or what it takes${last === '' ? '' : '. Its last lines:'}${last}`,
    { details: { component: ref, file, line, step: number, status, output } },
  );
};

/** @returns the folder of the image, within the work folder */
const runBuild = async (plan: Plan, work: string, options: ResolveOptions): Promise<string> => {
  const { ref, read, context, bases, engine, build } = plan;
  await engine.prepare(options.arch);
  await mkdir(work, { recursive: true });
  await copyBuildContext(context, join(work, 'context'), ref);
  await writeFile(join(work, 'Dockerfile'), engineText(read.text, read.dockerfile, options.arch));
  await mkdir(join(work, 'bases'));
  const job: EngineJob = {
    work,
    arch: options.arch,
    build,
    dockerfile: read.dockerfile,
    wantsEpoch: /^\s*ARG\s.*\bSOURCE_DATE_EPOCH\b/im.test(read.text),
    bases: await Promise.all(
      bases.map(async ({ name, sources }, at) => {
        const folder = `bases/${at}`;
        return { name, folder, index: await writeBase(join(work, folder), sources) };
      }),
    ),
  };
  const log = engine.log(read.dockerfile);
  const tell = ({ number, of, text }: Step): void =>
    options.stepped?.(ref, `step ${number} of ${of}: ${shorten(text)}`);
  const { succeeded } = await engine.build(job, (line) => {
    options.log?.(`${ref}: ${line}`);
    const step = log.push(line);
    if (step !== undefined) tell(step);
  });
  if (!succeeded) throw failed(plan, log.failure());
  return join(work, 'out');
};

/**
 * Builds a Dockerfile for the architecture, or takes what it gave before from the cache: that is named by the digest of
 * everything that decides it.
 *
 * @throws {SlipwayError} DOCKERFILE_BUILDS_OFF, DOCKERFILE_INVALID, DOCKERFILE_BUILD_FAILED,
 *   DOCKERFILE_ENGINE_UNAVAILABLE, EMULATION_UNAVAILABLE, TOOL_MISSING, COMPONENT_OFFLINE, and those of base images
 */
export const readDockerfileComponent = async (
  name: string,
  options: ResolveOptions,
  resolve: Resolve,
): Promise<Component> => {
  const ref = `dockerfile:${name}`;
  const build = declaredBuild(name, options.spec.dockerfiles);
  const engine = requireEngine(ref, options);
  const read = await readDockerfile(ref, build, options);
  const context = await readBuildContext(read.folder, read.path, ref);
  const bases = await openBases(read.dockerfile, build, options, resolve);
  const version = await engine.version();
  const key = cacheKey({ arch: options.arch, engine: version, build, text: read.text, context, bases });
  const { folder, wasThere } = await storedResult(options.cacheDir, key, async (work) => {
    if (options.offline === true && build.network !== 'none')
      throw new SlipwayError(
        'COMPONENT_OFFLINE',
        `${ref}: expected what ${read.dockerfile.file} gives in the cache, found nothing, and its commands may use the network; build once without --offline, or set network: none`,
        { details: { component: ref, key } },
      );
    return runBuild({ ref, read, context, bases, engine, build }, work, options);
  });
  if (wasThere) options.log?.(`${ref}: taken from the cache (${key.slice(0, 12)})`);
  const component = await readOciComponent(
    { type: 'oci', path: folder, tag: undefined, digest: undefined },
    { ...options, lockedImages: undefined },
    { ref, name, version: key.slice(0, 12) },
  );
  return {
    ...component,
    dockerfile: {
      layout: folder,
      engine: version,
      isolation: engine.isolation,
      network: build.network ?? 'host',
      ...(build.target === undefined ? {} : { target: build.target }),
      args: build.args ?? {},
      dockerfile: { name: read.dockerfile.file, digest: textDigest(read.text) },
      context: { name: build.context, digest: context.digest },
      bases: bases.flatMap(({ ref: base, digests }) => digests.map(({ digest }) => ({ ref: base, digest }))),
    },
  };
};
