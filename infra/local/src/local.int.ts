import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { request } from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type Local, startLocal, Up } from './index.ts';
import { ROOT } from './layout.ts';

const images = join(ROOT, 'infra', 'demo', 'images');
const MAIN = join(ROOT, 'infra', 'local', 'src', 'main.ts');

let folder: string;
let dataDir: string;
const started = new Set<ChildProcess>();

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-local-'));
  dataDir = join(folder, 'data');
});
afterEach(async () => {
  for (const child of started) {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
  }
  started.clear();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Processes, other than this one, that have to do with a data directory. */
const processesOf = (directory: string): string[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return line.includes(directory) ? [`${pid} ${line.slice(0, 120)}`] : [];
      } catch {
        return [];
      }
    });

type Run = {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  readonly stderr: () => string;
};

const run = (args: readonly string[], env: Record<string, string> = {}): Run => {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  started.add(child);
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  return { child, ended, stderr: () => stderr };
};

/** What `--json` prints once all is up. */
const upOf = async ({ child, ended, stderr }: Run): Promise<Up> => {
  let text = '';
  const line = new Promise<string>((resolve) => {
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes('\n')) resolve(text);
    });
  });
  const first = await Promise.race([line, ended]);
  if (typeof first !== 'string') throw new Error(`it ended: ${stderr()}`);
  return Up.parse(JSON.parse(first));
};

const Classes = z
  .object({ items: z.array(z.object({ name: z.string() })) })
  .or(z.array(z.object({ name: z.string() })));

describe('npm run up', () => {
  let up: Up;

  test('brings up everything, with a token that only we can read', async () => {
    const first = run(['--data', dataDir, '--images', images, '--json']);
    up = await upOf(first);
    expect(up.isolation).toBe('isolated');
    expect(statSync(up.adminTokenFile).mode & 0o777).toBe(0o600);
    const token = readFileSync(up.adminTokenFile, 'utf8').trim();
    const url = `${up.apiUrl}/v1/device-classes`;
    expect((await fetch(url)).status).toBe(401);
    const answer = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
    expect(answer.status).toBe(200);
    const names = Classes.parse(await answer.json());
    expect((Array.isArray(names) ? names : names.items).map(({ name }) => name)).toContain('edge-x86');

    // Devices find the enrolment by 10.0.2.2, which is this machine's loopback to them.
    const enrol = new URL(up.enrolUrl);
    const status = await new Promise<number | undefined>((resolve, reject) => {
      request(
        {
          host: '127.0.0.1',
          servername: '',
          port: enrol.port,
          path: enrol.pathname,
          method: 'POST',
          ca: readFileSync(up.serverCaFile),
          headers: { 'content-type': 'application/json' },
        },
        (response) => {
          response.resume();
          resolve(response.statusCode);
        },
      )
        .on('error', reject)
        .end('{}');
    });
    expect(status).toBe(400);

    // A second one says so, and where the first runs.
    const second = run(['--data', dataDir, '--images', images]);
    expect(await second.ended).toBe(75);
    expect(second.stderr()).toContain('ALREADY_RUNNING');
    expect(second.stderr()).toContain(up.apiUrl);

    // Killed like this it cannot clean up: what it started ends all the same.
    expect(processesOf(dataDir).length).toBeGreaterThan(4);
    first.child.kill('SIGKILL');
    await first.ended;
    await expect.poll(() => processesOf(dataDir), { timeout: 60_000 }).toEqual([]);
  });

  test('takes over what a dead one left: same ports, same token, same authorities; Ctrl-C leaves nothing', async () => {
    const ca = readFileSync(up.serverCaFile, 'utf8');
    const token = readFileSync(up.adminTokenFile, 'utf8');
    const again = run(['--data', dataDir, '--images', images, '--json']);
    const now = await upOf(again);
    expect({ ...now, pid: 0 }).toEqual({ ...up, pid: 0 });
    expect(readFileSync(now.serverCaFile, 'utf8')).toBe(ca);
    expect(readFileSync(now.adminTokenFile, 'utf8')).toBe(token);
    again.child.kill('SIGINT');
    expect(await again.ended).toBe(0);
    expect(processesOf(dataDir)).toEqual([]);
    expect(readdirSync(dataDir)).not.toContain('up.json');
  });

  test('--help says what there is and starts nothing', async () => {
    const help = run(['--help', '--data', join(folder, 'never')]);
    expect(await help.ended).toBe(0);
    expect(readdirSync(folder)).not.toContain('never');
  });

  test('a wrong flag: exit 64', async () => {
    expect(await run(['--port', '1']).ended).toBe(64);
  });
});

describe('what stops a start', () => {
  test('a Redis that forgets: REDIS_NOT_DURABLE, exit 78, nothing left running', async () => {
    const socket = join(folder, 'r.sock');
    const redis = spawn('redis-server', ['--port', '0', '--unixsocket', socket, '--save', ''], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    started.add(redis);
    await new Promise<void>((resolve) => {
      redis.stdout.on('data', (chunk: Buffer) => chunk.toString().includes('Ready to accept') && resolve());
    });
    const refused = run(['--data', join(folder, 'b'), '--images', images], { REDIS_URL: `unix://${socket}` });
    expect(await refused.ended).toBe(78);
    expect(refused.stderr()).toContain('REDIS_NOT_DURABLE');
    expect(processesOf(join(folder, 'b'))).toEqual([]);
  });

  test('a port in use: CONFLICT, naming it', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    const refused = startLocal({ dataDir: join(folder, 'c'), imagesDir: images, ports: { mqtt: port } });
    await expect(refused).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining(`${port}`),
    });
    server.close();
  });

  test('no isolation: refused, unless one says so', async () => {
    const bare = join(folder, 'bin');
    const withoutBwrap = { PATH: bare };
    const refused = run(['--data', join(folder, 'd'), '--images', images], withoutBwrap);
    expect(await refused.ended).toBe(78);
    expect(refused.stderr()).toContain('SLIPWAY_ALLOW_UNISOLATED=1');
  });
});

describe('a data directory with a long path', () => {
  let local: Local | undefined;
  afterEach(() => local?.close());

  test('has its Redis socket elsewhere', async () => {
    const long = join(folder, 'long'.repeat(30));
    local = await startLocal({ dataDir: long, imagesDir: images });
    expect(local.up.redisUrl).not.toContain('long');
    await local.close();
    expect(processesOf(long)).toEqual([]);
  });
});
