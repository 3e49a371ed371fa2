import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { launchChromium, startInstance } from '@slipway/browser';
import { openDatabase } from '@slipway/fleet';
import { startTestPostgres } from '@slipway/fleet/testing';
import { SlipwayError } from '@slipway/protocol';
import { spreadOf } from '../measure/spread.ts';
import { fillFleet } from '../queries/fill.ts';
import { gzipSizes, loadOnce } from './load.ts';
import { DASHBOARD_HELP, parseDashboardOptions } from './options.ts';
import type { DashboardBench } from './result.ts';
import { scrollDevices } from './scroll.ts';

const LIMIT_SCRIPT_BYTES = 250_000;
const LIMIT_CPU_SECONDS = 1.5;
const LIMIT_TASK_MS = 50;

/**
 * `npm run bench -- dashboard`
 *
 * @param root of the checkout
 * @returns exit status: 1 if a goal is missed
 */
export const benchDashboard = async (
  root: string,
  args: readonly string[],
  print: (line: string) => void,
): Promise<number> => {
  const options = parseDashboardOptions(args);
  if (options.help) {
    print(DASHBOARD_HELP);
    return 0;
  }
  const dir = resolve(options.dir ?? join(root, '.slipway', 'bench', 'dashboard'));
  const json = resolve(options.json ?? join(dir, 'dashboard.json'));
  await rm(join(dir, 'run'), { recursive: true, force: true });
  await mkdir(dir, { recursive: true });
  await using undo = new AsyncDisposableStack();
  const postgres = await startTestPostgres();
  if (postgres === undefined) throw new SlipwayError('CONFIG_INVALID', 'expected PostgreSQL to be installed');
  undo.defer(() => postgres.stop());
  const databaseUrl = await postgres.newDatabase();
  print(`filling a database with ${options.devices} devices …`);
  const database = await openDatabase({ url: databaseUrl });
  await fillFleet(database.db, options.devices);
  await database.close();
  const instance = await startInstance({
    folder: join(dir, 'run'),
    cacheDir: join(root, '.slipway', 'cache'),
    classes: [{ name: 'edge-arm64', arch: 'arm64' }],
    databaseUrl,
    say: print,
  });
  undo.defer(() => instance.close());
  const person = { name: 'anna', password: 'a sentence nobody guesses' };
  await instance.client.setup.create({ ...person, token: await instance.setupToken() });
  const login = { url: instance.url, ...person };
  const browser = await launchChromium();
  undo.defer(() => browser.close());

  print('the first screen …');
  const loads = [];
  for (let run = 0; run < options.runs; run += 1) loads.push(await loadOnce(browser, login));
  const files = await gzipSizes(instance.url, loads[0]?.paths ?? []);
  const sum = (kind: RegExp): number =>
    files.reduce((total, { path, gzipBytes }) => total + (kind.test(path) ? gzipBytes : 0), 0);
  const load = {
    files,
    scriptGzipBytes: sum(/\.js$/),
    styleGzipBytes: sum(/\.css$/),
    cpuSeconds: spreadOf(loads.map(({ cpuSeconds }) => cpuSeconds)),
  };
  print('the table of devices …');
  const scroll = await scrollDevices(browser, login);
  const goal = (name: string, limit: number, measured: number) => ({
    goal: name,
    limit,
    measured,
    isMet: measured <= limit,
  });
  const result: DashboardBench = {
    v: 1,
    bench: 'dashboard',
    at: new Date().toISOString(),
    devices: options.devices,
    browser: browser.version(),
    load,
    scroll,
    goals: [
      goal('scripts of the first screen, bytes by gzip', LIMIT_SCRIPT_BYTES, load.scriptGzipBytes),
      goal('the first screen, seconds of the main thread', LIMIT_CPU_SECONDS, load.cpuSeconds.median),
      goal('the longest task while scrolling, ms', LIMIT_TASK_MS, Math.max(0, ...scroll.longTasks)),
    ],
  };
  for (const { goal: name, limit, measured, isMet } of result.goals)
    print(
      `${isMet ? 'met   ' : 'MISSED'}  ${name.padEnd(48)} ${measured.toFixed(2).padStart(12)}  limit ${limit}`,
    );
  await mkdir(dirname(json), { recursive: true });
  await writeFile(json, `${JSON.stringify(result, null, 2)}\n`);
  print(json);
  return result.goals.every(({ isMet }) => isMet) ? 0 : 1;
};
