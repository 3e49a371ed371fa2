import { appendFile, cp, mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createClient } from '@slipway/client';
import { packRepository, writeAtomically } from '@slipway/components';
import { type Local, startLocal } from '@slipway/local';
import { ClassName, type DeviceId } from '@slipway/protocol';
import type { Cleanup } from './cleanup.ts';
import { addClasses, DEMO_CLASSES, type DemoArch, demoDeviceId } from './demo-classes.ts';
import { EDITS, type Edit } from './image-versions.ts';
import { type LiveView, openLiveView } from './live-view.ts';
import { type Pipeline, createPipeline } from './pipeline.ts';
import type { Report } from './report.ts';
import type { Built, ScenarioOptions } from './scenario.ts';

const IMAGES = join(import.meta.dirname, '..', 'images');
const IMAGE_FILE = 'edge.yml';

export type DemoOptions = {
  /** of this run alone */
  readonly folder: string;
  /** downloads, shared by all runs */
  readonly cacheDir: string;
  readonly archs: readonly DemoArch[];
  /** @default all */
  readonly releases?: 1 | 2 | 3;
  readonly report: Report;
  readonly cleanup: Cleanup;
};

export type DemoClass = Pick<ScenarioOptions, 'deviceClass' | 'arch' | 'builds'>;

export type Demo = Pick<ScenarioOptions, 'pipeline' | 'store' | 'releaseRoot'> & {
  readonly apiUrl: string;
  readonly live: LiveView;
  readonly classes: readonly DemoClass[];
  readonly deviceIdFor: (arch: DemoArch) => DeviceId;
  /** how to go on while everything is up */
  readonly hints: () => string;
};

/**
 * Starts a server of the demo's own on a copy of the demo's image repository, and asks it for every release: the first
 * at once, each further one when the one before is built, so that devices boot while the next is being built.
 */
export const openDemo = async (options: DemoOptions): Promise<Demo> => {
  const { folder, cacheDir, archs, report, cleanup } = options;
  const imagesDir = join(folder, 'images');
  const dataDir = join(folder, 'server');
  await mkdir(cacheDir, { recursive: true });
  await cp(IMAGES, imagesDir, { recursive: true });
  await addClasses(imagesDir, archs);
  for (const arch of archs)
    await withoutQualification(join(imagesDir, 'classes', `${DEMO_CLASSES[arch]}.yml`));
  report('demo', 'packing the components of the image repository');
  await packRepository(imagesDir, { cacheDir, log: (line) => report('components', line) });

  report('demo', 'starting Redis, broker, database, API, gateway, builder, signer and qualifier on loopback');
  const starting = startLocal({ dataDir, imagesDir, cacheDir, say: (line) => report('server', line) });
  // Known before it is up: Ctrl-C may come while servers are starting.
  cleanup.add(async () => {
    const started = await starting.catch(() => undefined);
    await started?.close();
  });
  const local = await starting;
  const connection = {
    url: local.up.apiUrl,
    token: (await readFile(local.up.adminTokenFile, 'utf8')).trim(),
  };
  const live = openLiveView(createClient(connection));
  cleanup.add(async () => {
    live.close();
  });
  const pipeline = createPipeline(connection, live, report);
  report('demo', `API at ${local.up.apiUrl} (reference: ${local.up.apiUrl}/docs)`);

  const deviceClasses = archs.map((arch) => ({ arch, deviceClass: ClassName.parse(DEMO_CLASSES[arch]) }));
  const releases = buildReleases(
    pipeline,
    join(imagesDir, IMAGE_FILE),
    deviceClasses.map(({ deviceClass }) => deviceClass),
    EDITS.slice(0, options.releases),
    report,
  );
  return {
    pipeline,
    live,
    store: local.up.storeDir,
    releaseRoot: local.up.releaseRootFile,
    apiUrl: local.up.apiUrl,
    classes: deviceClasses.map(({ arch, deviceClass }) => ({
      arch,
      deviceClass,
      builds: {
        first: releases(0, deviceClass),
        second: releases(1, deviceClass),
        broken: releases(2, deviceClass),
      },
    })),
    deviceIdFor: demoDeviceId,
    hints: () => hints(local),
  };
};

/**
 * Edits the image file and builds it for every class, version after version. The server reads the repository at any
 * time, also between two lines of ours: a file is there whole or as it was.
 */
const buildReleases = (
  pipeline: Pipeline,
  imageFile: string,
  classes: readonly ClassName[],
  edits: readonly Edit[],
  report: Report,
): ((edit: number, deviceClass: ClassName) => Promise<Built>) => {
  let previous: Promise<unknown> = Promise.resolve();
  const classFiles = classes.map((name) => join(dirname(imageFile), 'classes', `${name}.yml`));
  const started = edits.map(({ version, what, edit }, index) => {
    const asked = previous.then(async () => {
      report('demo', `image file for ${version}: ${what}`);
      await writeAtomically(imageFile, edit(await readFile(imageFile, 'utf8')));
      if (index > 0) await Promise.all(classFiles.map(withoutDisk));
      // A build is asked for with the text as it stands now; the answer comes when it is done.
      return new Map(classes.map((name) => [name, pipeline.build(name, version)]));
    });
    previous = asked.then((builds) => Promise.all(builds.values()));
    previous.catch(() => undefined);
    return asked;
  });
  return (edit, deviceClass) => {
    const built = (async () => {
      const build = (await started[edit])?.get(deviceClass);
      if (build === undefined) throw new Error(`no build ${edit} for ${deviceClass}`);
      return await build;
    })();
    // Whoever awaits it sees the failure; until then it is not an unhandled one.
    built.catch(() => undefined);
    return built;
  };
};

/** For those who do to devices of their own what a qualification does, and more. */
export const withoutQualification = async (classFile: string): Promise<void> => {
  await appendFile(classFile, 'qualification: off\n');
};

/** Only the first release of a device needs a disk image; updates travel as bundles. */
const withoutDisk = async (classFile: string): Promise<void> => {
  const text = await readFile(classFile, 'utf8');
  if (!/^outputs:/m.test(text)) await writeAtomically(classFile, `${text.trimEnd()}\noutputs: []\n`);
};

const hints = (local: Local): string =>
  [
    '',
    'Everything is still up. In another terminal:',
    `  export SLIPWAY_DATA=${local.up.dataDir}`,
    '  npx slipway devices list',
    '  npx slipway rollouts list',
    'Ctrl-C ends it.',
  ].join('\n');
