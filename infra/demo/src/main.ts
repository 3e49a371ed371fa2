import { randomBytes } from 'node:crypto';
import { glob, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ERRORS, codeOf, messageOf } from '@slipway/protocol';
import { requireQemu } from '@slipway/vm';
import { createCleanup } from './cleanup.ts';
import { openDemo } from './demo-server.ts';
import { HELP, parseOptions } from './options.ts';
import { createReport } from './report.ts';
import { runScenario } from './scenario.ts';
import { type Summary, renderSummary } from './summary.ts';

const root = join(import.meta.dirname, '..', '..', '..');

const main = async (): Promise<number> => {
  const options = parseOptions(process.argv.slice(2));
  if (options.help) {
    console.log(HELP);
    return 0;
  }
  const beganAt = performance.now();
  const report = createReport((line) => console.log(line), beganAt);
  const cleanup = createCleanup();
  const interrupted = Promise.withResolvers<number>();
  for (const [signal, status] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    process.on(signal, () => {
      report('demo', `${signal}: ending devices and servers …`);
      interrupted.resolve(status);
    });
  }

  const folder = join(root, '.slipway', `demo-${randomBytes(3).toString('hex')}`);
  let isSummed = false;
  const run = async (): Promise<number> => {
    // Before minutes of building.
    for (const arch of options.archs) await requireQemu(arch);
    await mkdir(folder, { recursive: true });
    const demo = await openDemo({
      folder,
      cacheDir: join(root, '.slipway', 'cache'),
      archs: options.archs,
      report,
      cleanup,
    });
    const devices = await Promise.all(
      demo.classes.map(({ deviceClass, arch, builds }) =>
        runScenario({
          ...demo,
          deviceClass,
          arch,
          deviceId: demo.deviceIdFor(arch),
          builds,
          folder: join(folder, 'devices', deviceClass),
          report,
          beganAt,
          onDevice: (device) => cleanup.add(() => device.dispose()),
        }),
      ),
    );
    const summary: Summary = {
      v: 1,
      ok: devices.length === options.archs.length && devices.every((device) => device.ok),
      seconds: (performance.now() - beganAt) / 1000,
      devices,
      ...(options.keep ? { apiDocs: `${demo.apiUrl}/docs` } : {}),
      logs: folder,
    };
    console.log(renderSummary(summary));
    if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(summary, null, 2)}\n`);
    isSummed = true;
    if (options.keep) {
      console.log(demo.hints());
      await interrupted.promise;
    }
    await cleanup.run();
    if (summary.ok) await discardBulk(folder);
    return summary.ok ? 0 : 1;
  };

  const running = run();
  // After the summary Ctrl-C is the way to end `--keep`; before it, the demo was cut short.
  const cut = interrupted.promise.then((status) => (isSummed ? running : status));
  const ended = await Promise.race([running, cut]);
  await cleanup.run();
  return ended;
};

/** Disks and artifacts are hundreds of megabytes; logs and consoles stay. */
const discardBulk = async (folder: string): Promise<void> => {
  const bulk = ['server/store', 'server/db', 'server/redis', 'images'];
  const disks = glob('devices/*/{disk.img,efi-variables.fd}', { cwd: folder });
  for await (const disk of disks) bulk.push(disk);
  for (const path of bulk) await rm(join(folder, path), { recursive: true, force: true });
};

try {
  process.exit(await main());
} catch (error) {
  console.error(`${codeOf(error)}: ${messageOf(error)}`);
  process.exit(codeOf(error) === 'INTERNAL' ? 1 : ERRORS[codeOf(error)].exit);
}
