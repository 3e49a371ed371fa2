import { spawn } from 'node:child_process';
import {
  closeSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runApi, type TestApi } from '@slipway/api/testing';
import { indexRelease, recordBirth } from '@slipway/fleet';
import { birthOf, seedDevice, seedOnlineDevice, seedRelease } from '@slipway/fleet/testing';
import type { PackageType, ReleaseId } from '@slipway/protocol';
import { z } from 'zod';
import { outputPattern, stepsOf, tidyOutput, type Step } from './examples.ts';
import { writeExampleArchive } from './fixture/archive.ts';
import { writeExampleImages } from './fixture/images.ts';
import { startRegistry } from './fixture/registry.ts';

const root = join(import.meta.dirname, '..', '..');
const docs = join(root, 'docs');
const slipway = z
  .object({ bin: z.object({ slipway: z.string() }) })
  .parse(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))).bin.slipway;

let scratch: string;
let registry: { server: Server; port: number };
/** all pages ask the same */
let api: TestApi;
let release: string;
beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'slipway-docs-'));
  mkdirSync(join(scratch, 'bin'));
  symlinkSync(join(root, slipway), join(scratch, 'bin', 'slipway'));
  await writeExampleImages(join(scratch, 'images'));
  await writeExampleArchive(join(scratch, 'debian'), join(scratch, 'images', 'archives', 'debian.pgp'));
  registry = await startRegistry(join(scratch, 'images', 'layouts'), join(scratch, 'debian'));
  api = await runApi();
  const [old, next = ''] = await seedReleases();
  release = next;
  await seedOnlineDevice(api.db, 'gate-1');
  const slots = { a: { state: 'GOOD', version: '1.0.0', release: old }, b: { state: 'EMPTY' } } as const;
  await recordBirth(api.db, birthOf('gate-1', { slots }), false, new Date());
  await seedDevice(api.db, 'gate-2');
});
afterAll(async () => {
  await api.close();
  registry.server.close();
  registry.server.closeAllConnections();
  rmSync(scratch, { recursive: true, force: true });
});

const PACKAGES: readonly (readonly [PackageType, string, string, string])[] = [
  ['deb', 'libssl3t64', '3.5.7-1~deb13u2', 'openssl'],
  ['deb', 'openssl', '3.5.7-1~deb13u2', 'openssl'],
  ['deb', 'zlib1g', '1:1.3.dfsg-1', 'zlib'],
];

/** Two, of which the second has another version of OpenSSL. */
const seedReleases = async (): Promise<ReleaseId[]> => {
  const ids: ReleaseId[] = [];
  for (const [version, openssl, more] of [
    ['1.0.0', '3.5.7-1~deb13u2', []],
    ['1.1.0', '3.5.8-1', [['generic', 'linux', '6.18.5', 'linux'] as const]],
  ] as const) {
    const { id } = await seedRelease(api.db, version, Buffer.from(version));
    const contents = [...PACKAGES, ...more].map(([type, name, found, source]) => {
      const own = source === 'openssl' ? openssl : found;
      return { type, name, version: own, source: { name: source, version: own } };
    });
    await indexRelease(api.db, id, contents);
    ids.push(id);
  }
  return ids;
};

type Ran = { readonly status: number; readonly out: string; readonly err: string };

/**
 * In an environment of its own, so that nothing of this machine's settings gets into it. Output goes to files as from a
 * shell: pipes that Node has made non-blocking would be so for every program of a pipeline.
 */
const run = async (script: string, home: string, asksServer: boolean): Promise<Ran> => {
  const path = [join(scratch, 'bin'), dirname(process.execPath), '/usr/sbin:/usr/bin:/sbin:/bin'].join(':');
  const env = {
    PATH: path,
    HOME: home,
    LC_ALL: 'C.UTF-8',
    TZ: 'UTC',
    // Compiled once for all pages, not at each one's first command.
    NODE_COMPILE_CACHE: join(scratch, 'compiled'),
    ...(asksServer ? { SLIPWAY_URL: api.url(), SLIPWAY_TOKEN: api.token, RELEASE: release } : {}),
  };
  const [out, err] = [`${home}.out`, `${home}.err`];
  const [outFd, errFd] = [openSync(out, 'w'), openSync(err, 'w')];
  const ended = Promise.withResolvers<number>();
  spawn('bash', ['-euo', 'pipefail', '-c', script], { cwd: home, env, stdio: ['ignore', outFd, errFd] })
    .on('error', ended.reject)
    .on('close', (status) => ended.resolve(status ?? 128));
  for (const fd of [outFd, errFd]) closeSync(fd);
  return { status: await ended.promise, out: readFileSync(out, 'utf8'), err: readFileSync(err, 'utf8') };
};

const take = async (step: Step, page: string, home: string): Promise<void> => {
  const onPort = (text: string): string => text.replaceAll('localhost:5000', `localhost:${registry.port}`);
  const where = `docs/${page}:${step.line}`;
  if (step.type === 'file') {
    mkdirSync(dirname(join(home, step.path)), { recursive: true });
    writeFileSync(join(home, step.path), onPort(step.text));
    return;
  }
  const { status, out, err } = await run(onPort(step.script), home, step.server === true);
  expect(status, `${where} ended with ${status}\n${step.script}\n${out}\n${err}`).toBe(0);
  if (step.output === undefined) return;
  expect(tidyOutput(out), `${where} prints something else\n${err}`).toMatch(
    outputPattern(onPort(step.output)),
  );
};

const names = readdirSync(docs, { recursive: true, encoding: 'utf8' }).filter(
  (name) => name.endsWith('.md') && name !== 'README.md' && !name.startsWith('adr/'),
);
const pages = names
  .map((name) => [name, stepsOf(readFileSync(join(docs, name), 'utf8'))] as const)
  .filter(([, steps]) => steps.length > 0);

test('the pages of the builder have examples', () => {
  const withExamples = pages.map(([name]) => name);
  for (const name of ['build.md', 'components.md', 'registries.md', 'outputs.md'])
    expect(withExamples).toContain(name);
});

test('docs/README.md links every page, and no page that is not there', () => {
  const links = [...readFileSync(join(docs, 'README.md'), 'utf8').matchAll(/\]\(([^)#]+)\)/g)].map(
    ([, link = '']) => link,
  );
  expect(links).toEqual(expect.arrayContaining(names));
  expect(links.filter((link) => !existsSync(join(docs, link)))).toEqual([]);
});

describe.concurrent('examples', () => {
  test.each(pages)('of docs/%s', async (page, steps) => {
    const home = join(scratch, page.replace(/\.md$/, ''));
    cpSync(join(scratch, 'images'), home, { recursive: true });
    for (const step of steps) await take(step, page, home);
    expect.hasAssertions();
  });
});
