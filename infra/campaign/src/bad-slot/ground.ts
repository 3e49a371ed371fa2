import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createClient } from '@slipway/client';
import { writeAtomically } from '@slipway/components';
import { createPipeline, openLiveView, type Cleanup, type Pipeline, type Report } from '@slipway/demo';
import { startLocal } from '@slipway/local';
import { ClassName, type WholeChainArch, type Build, type Release } from '@slipway/protocol';
import { classFile, deviceClass, type Fault, IMAGE_FILE, imageFile } from './image-file.ts';

export type Built = { readonly build: Build; readonly release: Release };

/** A server of the campaign's own, and the releases that it makes when they are asked for. */
export type Ground = {
  readonly pipeline: Pipeline;
  readonly store: string;
  /** certificates that devices with Secure Boot enrol */
  readonly secureBootDir: string;
  /** tells one agent from another: what is known of one says nothing of another */
  readonly agent: string;
  /** releases that are there already were built with another agent */
  readonly isOfAnother: boolean;
  /** published; the first release of a class has a disk image; those of one version are built once, also over runs */
  readonly release: (arch: WholeChainArch, version: string, fault: Fault) => Promise<Built>;
  readonly diskOf: (first: Built) => string;
};

/** The first release, which devices are made with. */
export const FIRST = '1.0.0';

/** A hang takes minutes to be ended by the watchdog, and the host may be busy with other devices. */
const PATIENCE_MS = 30 * 60_000;

export type OpenGround = {
  readonly folder: string;
  readonly cacheDir: string;
  readonly report: Report;
  readonly cleanup: Cleanup;
};

export const openGround = async ({ folder, cacheDir, report, cleanup }: OpenGround): Promise<Ground> => {
  const imagesDir = join(folder, 'images');
  await mkdir(join(imagesDir, 'classes'), { recursive: true });
  await mkdir(cacheDir, { recursive: true });
  await writeFile(join(imagesDir, IMAGE_FILE), imageFile(FIRST, 'none'));
  report('campaign', 'starting Redis, broker, database, API, gateway, builder and signer on loopback');
  const dataDir = join(folder, 'server');
  const local = await startLocal({ dataDir, imagesDir, cacheDir, say: (line) => report('server', line) });
  cleanup.add(() => local.close());
  const token = (await readFile(local.up.adminTokenFile, 'utf8')).trim();
  const connection = { url: local.up.apiUrl, token };
  const client = createClient(connection);
  const live = openLiveView(client);
  cleanup.add(async () => live.close());
  const pipeline = createPipeline(connection, live, report, PATIENCE_MS);
  // As images carry it, unless they say otherwise.
  const agent = createHash('sha256')
    .update(await readFile(join(dataDir, 'agent', 'quickjs.mjs')))
    .digest('hex');
  const agentFile = join(folder, 'agent');
  const before = await readFile(agentFile, 'utf8').catch(() => agent);
  if (before === agent) await writeFile(agentFile, agent);

  const published = (release: Release): Promise<Release> =>
    release.state === 'draft' ? pipeline.publish(release) : Promise.resolve(release);
  /** The files of the image repository say one version at a time. */
  let previous: Promise<unknown> = Promise.resolve();
  const make = async (arch: WholeChainArch, version: string, fault: Fault): Promise<Built> => {
    const name = ClassName.parse(deviceClass(arch));
    const known = (await client.builds.list().all()).find(
      (build) => build.deviceClass === name && build.version === version && build.state === 'succeeded',
    );
    if (known !== undefined)
      return { build: known, release: await published(await client.releases.get(known.release)) };
    // The server reads these whenever it likes, also for a claim.
    await writeAtomically(join(imagesDir, IMAGE_FILE), imageFile(version, fault));
    await writeAtomically(join(imagesDir, 'classes', `${name}.yml`), classFile(arch, version === FIRST));
    const { build, release } = await pipeline.build(name, version);
    return { build, release: await published(release) };
  };
  const asked = new Map<string, Promise<Built>>();
  return {
    pipeline,
    store: local.up.storeDir,
    secureBootDir: local.up.secureBootDir,
    agent,
    isOfAnother: before !== agent,
    release: (arch, version, fault) => {
      const key = `${arch} ${version}`;
      const built = asked.get(key) ?? previous.then(() => make(arch, version, fault));
      asked.set(key, built);
      previous = built.catch(() => undefined);
      return built;
    },
    diskOf: ({ release }) => join(local.up.storeDir, 'bundles', `${release.id}.disk.img`),
  };
};
