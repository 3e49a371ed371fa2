import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { freshState, step, type Saved, type State } from './core/index.ts';
import { desiredOf, digestOf, executionOf, releaseOf, World } from './fixture/world.ts';
import { nodeRuntime } from './runtime/node/index.ts';
import type { Files } from './runtime/port.ts';
import { stateFile, type StateFile } from './state-file.ts';
import { decodeRecord, encodeRecord } from './state-record.ts';

let dataDir: string;
let lines: string[];
const runtime = nodeRuntime({
  searchPath: process.env['PATH'] ?? '',
  rebootCommand: null,
  log: (line) => lines.push(line),
});
const open = (files: Partial<Files> = {}): StateFile =>
  stateFile({ ...runtime, files: { ...runtime.files, ...files } }, { dataDir });
const path = (name: string): string => join(dataDir, name);
const sequenceOf = async (copy: 'a' | 'b'): Promise<number | undefined> =>
  decodeRecord(await readFile(path(`state.${copy}`)))?.sequence;
const numbered = (connection: number): Saved => ({ ...freshState(1), connection });
const damage = async (copy: 'a' | 'b'): Promise<void> => {
  const bytes = await readFile(path(`state.${copy}`));
  bytes.writeUInt8(bytes.readUInt8(60) ^ 4, 60);
  await writeFile(path(`state.${copy}`), bytes);
};

beforeEach(async () => {
  dataDir = join(await mkdtemp(join(tmpdir(), 'slipway-state-')), 'slipway');
  lines = [];
});
afterEach(async () => {
  await rm(join(dataDir, '..'), { recursive: true, force: true });
});

describe('two copies', () => {
  test('none: there is no state', async () => {
    expect(await open().load()).toBeUndefined();
  });

  test('are written in turn, and the newer one is read', async () => {
    const store = open();
    for (const connection of [1, 2, 3]) await store.save(numbered(connection));
    expect([await sequenceOf('a'), await sequenceOf('b')]).toEqual([3, 2]);
    const again = open();
    expect(await again.load()).toEqual(numbered(3));
    await again.save(numbered(4));
    expect([await sequenceOf('a'), await sequenceOf('b')]).toEqual([3, 4]);
    expect(await open().load()).toEqual(numbered(4));
  });

  test('one damaged: the other counts, numbers that may have been used are left out', async () => {
    const store = open();
    for (const connection of [1, 2]) await store.save(numbered(connection));
    await damage('b');
    const found = await open().load();
    expect(found).toEqual({ ...numbered(17), nextSeq: 18 });
    expect(lines).toEqual(['state.b is damaged']);
    const again = open();
    await again.load();
    await again.save(numbered(5));
    expect(await sequenceOf('a')).toBe(1);
    expect(await open().load()).toEqual(numbered(5));
  });

  test('both damaged: there is no state', async () => {
    const store = open();
    for (const connection of [1, 2]) await store.save(numbered(connection));
    await damage('a');
    await damage('b');
    expect(await open().load()).toBeUndefined();
  });

  test('a directory in the place of one, or a device error: the other counts', async () => {
    const store = open();
    for (const connection of [1, 2]) await store.save(numbered(connection));
    await rm(path('state.b'));
    await mkdir(path('state.b'));
    expect((await open().load())?.connection).toBe(17);
  });

  test('the power goes in the middle of a write: the state before it counts', async () => {
    const store = open();
    for (const connection of [1, 2]) await store.save(numbered(connection));
    const torn: Files['open'] = async (name, mode) => {
      const file = await runtime.files.open(name, mode);
      return {
        ...file,
        write: async (offset, bytes) => {
          await file.write(offset, bytes.subarray(0, bytes.length / 2));
          throw new Error('the power went');
        },
      };
    };
    const cut = open({ open: torn });
    await cut.load();
    await expect(cut.save({ ...numbered(3), connection: 999_999 })).rejects.toThrow('the power went');
    expect((await open().load())?.desiredSeq).toBe(0);
    expect((await open().load())?.connection).toBe(18);
  });

  test('a full disk does not matter once both are there: they are written over in place', async () => {
    const store = open();
    for (const connection of [1, 2]) await store.save(numbered(connection));
    const before = await stat(path('state.a'));
    const full = open({
      replace: async () => {
        throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
      },
    });
    await full.load();
    await full.save(numbered(3));
    const after = await stat(path('state.a'));
    expect([after.ino, after.size, after.mode & 0o777]).toEqual([before.ino, before.size, 0o600]);
    expect(await open().load()).toEqual(numbered(3));
  });

  test('grow with a state that no longer fits, and stay as large when it shrinks', async () => {
    const store = open();
    await store.save(numbered(1));
    await store.save(numbered(2));
    const failures = Array.from({ length: 2_000 }, () => ({ release: releaseOf(1).release, count: 1 }));
    const large = { ...numbered(3), failures };
    await store.save(large);
    expect((await stat(path('state.a'))).size).toBe(128 * 1024);
    expect(await open().load()).toEqual(large);
    await store.save(numbered(4));
    await store.save(numbered(5));
    expect((await stat(path('state.a'))).size).toBe(128 * 1024);
    expect(await open().load()).toEqual(numbered(5));
  });
});

/** As the first agents wrote it: one file, a digest over the text of the state. */
const legacy = (saved: unknown): string => {
  const text = JSON.stringify(saved);
  const digest = `sha256:${createHash('sha256').update(text).digest('hex')}`;
  return JSON.stringify({ v: 1, sequence: 9, digest, saved: text });
};
const older = async (): Promise<unknown> =>
  JSON.parse(await readFile(join(import.meta.dirname, 'fixture/states/v0.1-trial.json'), 'utf8'));

describe('the state of an older agent', () => {
  const put = async (saved: unknown): Promise<void> => {
    await mkdir(dataDir, { recursive: true });
    await writeFile(path('state.json'), legacy(saved));
  };

  test('is taken over, and kept up while what it knows of is under way', async () => {
    await put(await older());
    const store = open();
    const saved = await store.load();
    expect(saved).toMatchObject({
      nextSeq: 12,
      slots: { a: { state: 'GOOD', bundle: null }, b: { state: 'TRIAL', attempt: 1, restore: false } },
      execution: { state: 'REBOOTING', mode: 'install', source: { kind: 'channel' }, tries: 0 },
    });
    if (saved === undefined) throw new Error('no state');
    await store.save({ ...saved, nextSeq: 13 });
    // The older agent comes back by a rollback and reads what the newer one has learned.
    await rm(path('state.a'));
    expect((await open().load())?.nextSeq).toBe(13);
    await store.save({ ...saved, nextSeq: 14, execution: null, job: null });
    await expect(stat(path('state.json'))).rejects.toThrow('ENOENT');
    expect((await open().load())?.nextSeq).toBe(14);
  });

  test('that is damaged is none', async () => {
    await mkdir(dataDir, { recursive: true });
    await writeFile(path('state.json'), legacy(await older()).replace('REBOOTING', 'INSTALLING'));
    expect(await open().load()).toBeUndefined();
  });

  test('lets its trial be judged and committed by this one', async () => {
    await put(await older());
    const saved = await open().load();
    if (saved === undefined) throw new Error('no state');
    const state: State = {
      saved,
      boot: null,
      connected: false,
      clock: { now: 1, zoneOffset: 0, metered: false },
    };
    const [next] = step(state, {
      kind: 'started',
      facts: {
        bootId: 'boot-2',
        slot: 'b',
        ref: releaseOf(2),
        loaderDefault: 'a',
        uptime: 3,
        evidence: null,
      },
      clock: state.clock,
    });
    expect(next.saved.job?.kind).toBe('judge');
    expect(next.saved.outbox.at(-1)).toMatchObject({ state: 'TRIAL', execution: executionOf(1) });
  });
});

describe('the state of a newer agent', () => {
  const write = async (change: (saved: Saved) => unknown): Promise<Saved | undefined> => {
    const world = new World();
    world.send({ kind: 'desired', message: desiredOf(1, 1, 2), clock: world.clock });
    world.run(2);
    await mkdir(dataDir, { recursive: true });
    const json = JSON.stringify(change(world.saved));
    await writeFile(path('state.a'), encodeRecord({ sequence: 5, json }));
    return open().load();
  };

  test('as a file that it wrote', async () => {
    await mkdir(dataDir, { recursive: true });
    const json = await readFile(join(import.meta.dirname, 'fixture/states/newer.json'), 'utf8');
    await writeFile(path('state.b'), encodeRecord({ sequence: 5, json }));
    expect(await open().load()).toMatchObject({
      floor: { counter: 2, time: 1002 },
      slots: { a: { state: 'EMPTY' }, b: { state: 'GOOD', ref: { counter: 2 } } },
      execution: null,
      job: null,
      outbox: [{ seq: 40, state: 'COMMITTED' }],
      failures: [{ count: 3 }],
    });
  });

  test.each([
    ['unknown keys', (saved: Saved) => ({ ...saved, sealed: { by: 'x' }, slots: { ...saved.slots, c: {} } })],
    ['reports in a form of its own', (saved: Saved) => ({ ...saved, outbox: [...saved.outbox, { v: 2 }] })],
  ])('with %s is read', async (_, change) => {
    expect(await write(change)).toMatchObject({
      slots: { b: { state: 'WRITING' } },
      execution: { id: executionOf(1) },
    });
  });

  test('with a slot in an unknown state has nothing in that slot', async () => {
    const found = await write((saved) => ({
      ...saved,
      slots: { ...saved.slots, b: { state: 'SEALED', ref: releaseOf(2), bundle: digestOf(2) } },
    }));
    expect(found?.slots).toMatchObject({ a: { state: 'GOOD' }, b: { state: 'EMPTY' } });
    expect(found?.execution?.id).toBe(executionOf(1));
  });

  test('with an execution or job of an unknown kind has none of it', async () => {
    const found = await write((saved) => ({
      ...saved,
      execution: { ...saved.execution, state: 'REHEARSING' },
      job: { kind: 'rehearse', id: 7 },
    }));
    expect([found?.execution, found?.job]).toEqual([null, null]);
    expect(found?.floor.counter).toBe(1);
  });

  test('with another meaning of it all is no state', async () => {
    expect(await write((saved) => ({ ...saved, v: 2 }))).toBeUndefined();
  });
});
