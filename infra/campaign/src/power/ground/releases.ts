import { createHash } from 'node:crypto';
import { access, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runBuild } from '@slipway/builder';
import { buildAgent } from '@slipway/device-agent/build-agent';
import { AGENT_RUNTIMES } from '@slipway/device-agent/build-options';
import {
  BuildRequest,
  SignResult,
  type Arch,
  type Assignment,
  type BuildResult,
  type Digest,
} from '@slipway/protocol';
import { signBuild } from '@slipway/signer';
import { GUEST_ENROL_URL } from './addresses.ts';
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

/**
 * The agent as images carry it, one file for each runtime. Kept: what is recorded, what boots and what is modelled is one
 * agent.
 */
export const bundleAgent = async (folder: string): Promise<string> => {
  const bundles = join(folder, 'agent');
  for (const runtime of AGENT_RUNTIMES) {
    const outfile = join(bundles, `${runtime}.mjs`);
    const isThere = await access(outfile).then(
      () => true,
      () => false,
    );
    if (!isThere) await buildAgent(runtime, outfile);
  }
  return bundles;
};

type Ground = {
  readonly folder: string;
  readonly cacheDir: string;
  readonly authorities: Authorities;
  readonly log: (line: string) => void;
};

/** Builds and signs the three releases of one architecture, by the builder and the signer themselves; kept. */
export const makeReleases = async (ground: Ground, arch: Arch): Promise<Releases> => {
  const { folder, authorities } = ground;
  const store = join(folder, 'store');
  const images = join(folder, 'images');
  await mkdir(images, { recursive: true });
  const agentBundles = await bundleAgent(folder);
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
    ground.log(`${arch}: building ${request.version}`);
    const result = await runBuild({
      config: { storeDir: store, cacheDir: ground.cacheDir, imagesDir: images, agentBundles },
      buildId: request.build,
      progress: () => undefined,
    });
    const signed = SignResult.parse(
      await signBuild(
        {
          config: { storeDir: store, keysDir: folder, stateDir: join(folder, 'signer'), redisUrl: '' },
          keys,
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

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
export const readBundle = async (release: Release): Promise<Buffer> => readFile(release.bundleFile);
