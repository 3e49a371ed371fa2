import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runBuild } from '@slipway/builder';
import { buildAgent } from '@slipway/device-agent/build-agent';
import {
  AGENT_RUNTIMES,
  BuildRequest,
  SignResult,
  SlipwayError,
  type WholeChainArch,
  type Assignment,
  type BuildResult,
  type Digest,
} from '@slipway/protocol';
import { signBuild } from '@slipway/signer';
import { GUEST_ENROL_URL } from '@slipway/qualifier/cloud';
import type { Authorities } from './authorities.ts';
import { classFile, deviceClass, imageFile, VERSIONS, type ReleaseName } from './image-file.ts';

export type Release = {
  readonly name: ReleaseName;
  readonly result: BuildResult;
  readonly bundle: Assignment['bundle'];
  readonly bundleFile: string;
  readonly rootFile: string;
  readonly ukiFile: string;
  /** of a new device; only the first release has one */
  readonly diskFile: string;
  readonly digestOf: (artifact: 'root.img' | 'uki.efi') => Digest;
};
export type Releases = Readonly<Record<ReleaseName, Release>>;

const COUNTERS = { first: 1, good: 2, bad: 3 } as const satisfies Record<ReleaseName, number>;
/** 2025-01-01 */
const TIME_FLOOR = 1_735_689_600;

/** Where the agent lies as images carry it, one file for each runtime. */
export const agentFolder = (folder: string): string => join(folder, 'agent');

const bundleAgents = async (into: string): Promise<string> => {
  const hash = createHash('sha256');
  for (const runtime of AGENT_RUNTIMES) {
    const file = join(into, `${runtime}.mjs`);
    await buildAgent(runtime, file);
    hash.update(await readFile(file));
  }
  return hash.digest('hex');
};

/**
 * Bundles the agent, once: what is recorded, what boots and what is modelled is one agent.
 *
 * @throws {SlipwayError} CONFIG_INVALID where the folder is of another agent than the one that is here now
 */
export const bundleAgent = async (folder: string): Promise<void> => {
  const note = join(folder, 'agent-digest');
  const kept = await readFile(note, 'utf8').catch(() => undefined);
  const fresh = join(folder, 'agent-now');
  const now = await bundleAgents(fresh);
  if (kept !== undefined) {
    await rm(fresh, { recursive: true, force: true });
    if (kept === now) return;
    throw new SlipwayError(
      'CONFIG_INVALID',
      `${folder} holds recordings of another agent than the present one; begin anew with --fresh, or give another --out`,
    );
  }
  await rm(agentFolder(folder), { recursive: true, force: true });
  await rename(fresh, agentFolder(folder));
  await writeFile(note, now);
};

type Ground = {
  readonly folder: string;
  readonly cacheDir: string;
  readonly authorities: Authorities;
  readonly log: (line: string) => void;
};

/** Builds and signs the three releases of one architecture, by the builder and the signer themselves; kept. */
export const makeReleases = async (ground: Ground, arch: WholeChainArch): Promise<Releases> => {
  const { folder, authorities } = ground;
  const store = join(folder, 'store');
  const images = join(folder, 'images');
  await mkdir(images, { recursive: true });
  const { release } = authorities;
  const keys = {
    leafKeyPem: release.leaf.keyPem,
    leafCertPem: release.leaf.certificatePem,
    chainPem: release.intermediate.certificatePem,
    rootPem: release.root.certificatePem,
  };
  const make = async (name: ReleaseName): Promise<Release> => {
    const number = `${arch === 'amd64' ? 1 : 2}${COUNTERS[name]}`.padStart(16, '0');
    const request = BuildRequest.parse({
      v: 1,
      build: `bld_${number}`,
      release: `rel_${number}`,
      version: VERSIONS[name],
      counter: COUNTERS[name],
      deviceClass: deviceClass(arch),
      timeFloor: TIME_FLOOR,
      classFile: { name: `classes/${deviceClass(arch)}.yml`, text: classFile(arch) },
      imageFiles: [{ name: 'campaign.yml', text: imageFile(name) }],
      deployment: {
        enrolUrl: GUEST_ENROL_URL,
        serverCa: authorities.servers.certificatePem,
        releaseRoot: release.root.certificatePem,
      },
    });
    const buildFolder = join(store, 'builds', request.build);
    await mkdir(buildFolder, { recursive: true });
    await writeFile(join(buildFolder, 'request.json'), JSON.stringify(request));
    ground.log(`${arch}: image ${request.version}`);
    const result = await runBuild({
      config: {
        storeDir: store,
        cacheDir: ground.cacheDir,
        imagesDir: images,
        agentBundles: agentFolder(folder),
        worker: 'campaign',
      },
      buildId: request.build,
      attempt: 1,
      attemptName: 'campaign',
      signal: new AbortController().signal,
      progress: () => undefined,
    });
    const signed = SignResult.parse(
      await signBuild(
        {
          config: { storeDir: store, keysDir: folder, stateDir: join(folder, 'signer'), redisUrl: '' },
          keys: { of: () => keys },
          now: () => new Date(),
          onProgress: async () => undefined,
        },
        request.build,
      ),
    );
    return {
      name,
      result,
      bundle: signed.bundle,
      bundleFile: join(store, 'bundles', `${request.release}.tar`),
      rootFile: join(buildFolder, 'root.img'),
      ukiFile: join(buildFolder, 'uki.efi'),
      diskFile: join(buildFolder, 'disk.img'),
      digestOf: (artifact) => {
        const found = result.artifacts.find((known) => known.name === artifact);
        if (found === undefined) throw new Error(`the build ${result.build} has no ${artifact}`);
        return found.digest;
      },
    };
  };
  return { first: await make('first'), good: await make('good'), bad: await make('bad') };
};
