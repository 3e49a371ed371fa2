import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Queue, QueueEvents } from 'bullmq';
import { pino } from 'pino';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { verifyBundle } from '@slipway/bundle';
import { redisOptions } from '@slipway/fleet/redis';
import { BuildId, codeOf, RootHash, SIGN_QUEUE, SignResult } from '@slipway/protocol';
import { makeReleaseTree, type ReleaseTree } from '@slipway/signing';
import { readSigningKeys, signBuild, type SignerConfig, startSigner } from './index.ts';
import { declare, makeSample, peWith, type Sample } from './sample-build.ts';
import { treeBlocks } from './verity.ts';

let tree: ReleaseTree;
let folder: string;
let config: SignerConfig;

const logFile = () => join(config.stateDir, 'log.jsonl');
const bundleOf = ({ request }: Sample) => join(config.storeDir, 'bundles', `${request.release}.tar`);

const makeBuild = (number: number, options: Partial<Parameters<typeof makeSample>[2]> = {}): Sample =>
  makeSample(config.storeDir, number, { releaseRoot: tree.root.certificatePem, ...options });
const sign = async (buildId: BuildId): Promise<SignResult> =>
  signBuild(
    {
      config,
      keys: await readSigningKeys(config.keysDir),
      now: () => new Date(),
      onProgress: async () => undefined,
    },
    buildId,
  );
const codeFrom = async (sample: Sample): Promise<string> =>
  sign(sample.buildId).then(
    () => 'none',
    (error: unknown) => codeOf(error),
  );

beforeAll(async () => {
  tree = await makeReleaseTree('test');
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-signer-'));
  config = {
    storeDir: join(folder, 'store'),
    keysDir: join(folder, 'keys'),
    stateDir: join(folder, 'state'),
    redisUrl: `unix://${join(folder, 'redis.sock')}`,
  };
  mkdirSync(config.keysDir, { mode: 0o700 });
  mkdirSync(config.stateDir, { mode: 0o700 });
  const files = {
    'leaf.key.pem': tree.leaf.keyPem,
    'leaf.pem': tree.leaf.certificatePem,
    'intermediate.pem': tree.intermediate.certificatePem,
    'root.pem': tree.root.certificatePem,
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(config.keysDir, name), text);
  return () => rmSync(folder, { recursive: true, force: true });
});

describe('an honest build', () => {
  test('becomes a bundle that verifies with our root alone', async () => {
    const sample = makeBuild(1);
    const signed = await sign(sample.buildId);
    const verified = await verifyBundle(bundleOf(sample), {
      releaseRootPem: tree.root.certificatePem,
      deviceClass: 'edge-x86',
      arch: 'amd64',
    });
    expect(verified).toMatchObject(signed.bundle);
    expect(verified.manifest).toMatchObject({
      release: sample.request.release,
      rootHash: sample.result.rootHash,
      verityDataBlocks: 300,
      counter: 1,
    });
    expect(readdirSync(join(config.stateDir, 'staging'))).toEqual([]);
  });

  test('asked for again, gives the same bundle and no second line in the log', async () => {
    const sample = makeBuild(1);
    const first = await sign(sample.buildId);
    const bytes = readFileSync(bundleOf(sample));
    rmSync(bundleOf(sample));
    expect(await sign(sample.buildId)).toEqual(first);
    expect(readFileSync(bundleOf(sample)).equals(bytes)).toBe(true);
    expect(readFileSync(logFile(), 'utf8').trim().split('\n')).toHaveLength(1);
  });

  test.each([1, 2, 128, 129, 16_385])(
    'with a root of %d blocks has a tree of the size we expect',
    (dataBlocks) => {
      const sample = makeBuild(1, { dataBlocks });
      const root = sample.result.artifacts.find(({ name }) => name === 'root.img');
      expect(root?.size).toBe((dataBlocks + treeBlocks(dataBlocks)) * 4096);
    },
  );
});

describe('a builder that lies is refused', () => {
  test.each<[string, (sample: Sample) => void]>([
    ['a byte of the UKI changed', ({ folder }) => appendFileSync(join(folder, 'uki.efi'), 'x')],
    ['a byte of the root changed', ({ folder }) => flip(join(folder, 'root.img'), 5000)],
    ['a byte of the SBOM changed', ({ folder }) => flip(join(folder, 'sbom.cdx.json'), 0)],
    ['a byte of the disk changed', ({ folder }) => flip(join(folder, 'disk.img'), 0)],
    ['an artifact missing', ({ folder }) => rmSync(join(folder, 'uki.efi'))],
    ['no declaration', ({ folder }) => rmSync(join(folder, 'result.json'))],
    ['a declaration that is no JSON', ({ folder }) => writeFileSync(join(folder, 'result.json'), '{')],
    ['a request changed afterwards', ({ folder }) => appendFileSync(join(folder, 'request.json'), ' ')],
    [
      'a link in place of a file',
      ({ folder }) => {
        renameSync(join(folder, 'uki.efi'), join(folder, 'real'));
        symlinkSync(join(folder, 'real'), join(folder, 'uki.efi'));
      },
    ],
    [
      'a pipe in place of a file',
      ({ folder }) => {
        rmSync(join(folder, 'uki.efi'));
        execFileSync('mkfifo', [join(folder, 'uki.efi')]);
      },
    ],
    [
      'a link in place of the build',
      ({ folder }) => {
        renameSync(folder, `${folder}-real`);
        symlinkSync(`${folder}-real`, folder);
      },
    ],
    [
      'a root whose data is not what its tree says, digests right',
      (sample) => {
        flip(join(sample.folder, 'root.img'), 5000);
        declare(sample);
      },
    ],
    [
      'a root hash of something else',
      (sample) => void declare(sample, { rootHash: RootHash.parse('1'.repeat(64)) }),
    ],
    [
      'bytes behind the tree, which no root hash vouches for',
      (sample) => {
        appendFileSync(join(sample.folder, 'root.img'), Buffer.alloc(4096));
        declare(sample);
      },
    ],
    [
      'an artifact declared twice',
      (sample) =>
        void declare(sample, { artifacts: [...sample.result.artifacts, ...sample.result.artifacts] }),
    ],
    [
      'no root declared',
      (sample) => void declare(sample, { artifacts: sample.result.artifacts.slice(0, 1) }),
    ],
  ])('%s: SIGN_INPUT_MISMATCH', async (_what, change) => {
    const sample = makeBuild(1);
    change(sample);
    expect(await codeFrom(sample)).toBe('SIGN_INPUT_MISMATCH');
    expect(existsSync(bundleOf(sample))).toBe(false);
    expect(existsSync(logFile())).toBe(false);
  });

  const uki = (sample: Sample, image: Buffer) => {
    writeFileSync(join(sample.folder, 'uki.efi'), image);
    declare(sample);
  };
  test.each<[string, (sample: Sample) => void]>([
    ['another version', (sample) => void declare(sample, { version: '9.9.9' })],
    ['another counter', (sample) => void declare(sample, { counter: 99 })],
    ['another architecture', (sample) => void declare(sample, { arch: 'arm64' })],
    ['another time floor', (sample) => void declare(sample, { timeFloor: 1 })],
    ['a UKI for another root', (sample) => uki(sample, peWith(`slipway.roothash=${'1'.repeat(64)}`))],
    ['a UKI without root hash', (sample) => uki(sample, peWith('console=ttyS0'))],
    [
      'a UKI with two root hashes',
      (sample) =>
        uki(sample, peWith(`slipway.roothash=${sample.result.rootHash} slipway.roothash=${'1'.repeat(64)}`)),
    ],
    [
      'a UKI with two command lines',
      (sample) =>
        uki(sample, peWith(`slipway.roothash=${sample.result.rootHash}`, 0x8664, ['.cmdline', '.cmdline'])),
    ],
    [
      'a UKI for another machine',
      (sample) => uki(sample, peWith(`slipway.roothash=${sample.result.rootHash}`, 0xaa64)),
    ],
    ['no PE image', (sample) => uki(sample, Buffer.from('MZ'))],
    [
      'a list of components that is none',
      (sample) => {
        writeFileSync(join(sample.folder, 'sbom.cdx.json'), '{}');
        declare(sample);
      },
    ],
  ])('%s: SIGN_POLICY_REFUSED', async (_what, change) => {
    const sample = makeBuild(1);
    change(sample);
    expect(await codeFrom(sample)).toBe('SIGN_POLICY_REFUSED');
    expect(existsSync(logFile())).toBe(false);
  });

  test('a build that is not there', async () => {
    await expect(sign(BuildId.parse(`bld_${'z'.repeat(16)}`))).rejects.toMatchObject({
      code: 'SIGN_INPUT_MISMATCH',
    });
  });
});

describe('the log', () => {
  test('a counter that is not above the last one: SIGN_COUNTER_REUSED', async () => {
    await sign(makeBuild(1, { counter: 5 }).buildId);
    expect(await codeFrom(makeBuild(2, { counter: 5 }))).toBe('SIGN_COUNTER_REUSED');
    expect(await codeFrom(makeBuild(3, { counter: 4 }))).toBe('SIGN_COUNTER_REUSED');
    expect(await codeFrom(makeBuild(4, { counter: 6 }))).toBe('none');
  });

  test('an altered, removed or swapped line stops all signing', async () => {
    for (const counter of [1, 2, 3]) await sign(makeBuild(counter).buildId);
    const text = readFileSync(logFile(), 'utf8');
    const [a = '', b = '', c = ''] = text.split('\n');
    const next = makeBuild(4);
    for (const bad of [
      text.replace('"counter":1', '"counter":0'),
      `${b}\n${c}\n`,
      `${a}\n${c}\n`,
      `${b}\n${a}\n${c}\n`,
    ]) {
      writeFileSync(logFile(), bad);
      expect(await codeFrom(next)).toBe('SIGN_POLICY_REFUSED');
    }
    writeFileSync(logFile(), text);
    expect(await codeFrom(next)).toBe('none');
  });

  test('a line cut short by a power failure is dropped: its signature never left', async () => {
    for (const counter of [1, 2]) await sign(makeBuild(counter).buildId);
    truncateSync(logFile(), readFileSync(logFile()).length - 10);
    expect(await codeFrom(makeBuild(3))).toBe('none');
    expect(
      readFileSync(logFile(), 'utf8')
        .trim()
        .split('\n')
        .map((line) => /"counter":(\d+)/.exec(line)?.[1]),
    ).toEqual(['1', '3']);
  });
});

describe('the worker', () => {
  const logger = pino({ level: 'silent' });
  let redis: ChildProcess;

  beforeEach(async () => {
    redis = spawn(
      'redis-server',
      ['--port', '0', '--unixsocket', join(folder, 'redis.sock'), '--appendonly', 'yes', '--dir', folder],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    await new Promise<void>((resolve) => {
      redis.stdout?.on('data', (chunk: Buffer) => chunk.toString().includes('Ready to accept') && resolve());
    });
    return async () => {
      redis.kill();
      await once(redis, 'exit');
    };
  });

  const run = async (data: unknown): Promise<unknown> => {
    const connection = redisOptions(config.redisUrl);
    const queue = new Queue(SIGN_QUEUE, { connection });
    const events = new QueueEvents(SIGN_QUEUE, { connection });
    const signer = await startSigner(config, logger);
    try {
      const job = await queue.add('sign', data);
      return await job.waitUntilFinished(events);
    } finally {
      await Promise.all([signer.close(), events.close(), queue.close()]);
    }
  };

  test('answers a job with the bundle', async () => {
    const sample = makeBuild(1);
    const signed = SignResult.parse(await run({ v: 1, buildId: sample.buildId }));
    expect(signed.release).toBe(sample.request.release);
  });

  test('fails a job with code and message', async () => {
    const sample = makeBuild(1);
    flip(join(sample.folder, 'disk.img'), 0);
    await expect(run({ v: 1, buildId: sample.buildId })).rejects.toThrow(
      /^\{"code":"SIGN_INPUT_MISMATCH","message":/,
    );
  });

  test.each([
    { v: 1, buildId: '../../etc' },
    { v: 1, buildId: `bld_${'a'.repeat(16)}`, path: '/etc' },
    'x',
    null,
  ])('refuses a forged job %j', async (data) => {
    await expect(run(data)).rejects.toThrow(/"code":"REQUEST_INVALID"/);
  });

  test('does not start on keys that others may read', async () => {
    chmodSync(config.keysDir, 0o750);
    await expect(startSigner(config, logger)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });
});

const flip = (path: string, at: number): void => {
  const bytes = readFileSync(path);
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
  writeFileSync(path, bytes);
};
