import { execFile } from 'node:child_process';
import {
  copyFile,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { sql } from 'drizzle-orm';
import { codeOf, DeviceId, TenantId, verifyAudit, WebhookCreate, type ErrorCode } from '@slipway/protocol';
import { z } from 'zod';
import { openDatabase, type Database, type DatabasePlace, type OpenDatabase } from '../database.ts';
import { lockDirectory } from '../lock.ts';
import { startTestPostgres } from '../testing/postgres.ts';
import { seedDevice, seedOnlineDevice, seedRelease, TEST_CLASS } from '../testing/seed.ts';
import { openTestDatabase } from '../testing/test-database.ts';
import { planRollout } from '../store/apply-plan.ts';
import { listAudit, recordAudit } from '../store/audit.ts';
import { createBuild } from '../store/builds.ts';
import { desiredOf, getDevice } from '../store/devices.ts';
import { getEmergencyStop, liftStop } from '../store/emergency-stop.ts';
import { getRelease } from '../store/releases.ts';
import { createRollout, getRollout } from '../store/rollouts.ts';
import { createWebhook } from '../store/webhooks.ts';
import type { EncryptFor, OpenWith } from './encryption.ts';
import { exportDatabase, rowsOf, tablesInOrder } from './export-database.ts';
import { importDatabase } from './import-database.ts';
import { makeBackup } from './make-backup.ts';
import { verifyBackup } from './read-backup.ts';
import { restoreBackup } from './restore-backup.ts';

const tenant = TenantId.parse('default');
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-backup-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
const postgres = await startTestPostgres();
afterAll(() => postgres?.stop());

const codeThrownBy = async (work: Promise<unknown>): Promise<ErrorCode | 'nothing'> =>
  work.then(
    () => 'nothing' as const,
    (error: unknown) => codeOf(error),
  );

let count = 0;
const newPath = (name: string): string => join(folder, `${name}-${(count += 1)}`);

const engines: [string, () => Promise<OpenDatabase>, () => Promise<DatabasePlace>][] = [
  [
    'PGlite',
    openTestDatabase,
    async () => (postgres === undefined ? { dataDir: newPath('db') } : { url: await postgres.newDatabase() }),
  ],
];
if (postgres !== undefined) {
  const { newDatabase } = postgres;
  engines.push([
    'PostgreSQL',
    async () => openDatabase({ url: await newDatabase() }),
    async () => ({ url: await newDatabase() }),
  ]);
}

/** A data directory with all that a backup is made of. */
const makeDataDir = async (files: Readonly<Record<string, string>> = {}): Promise<string> => {
  const dataDir = newPath('data');
  const all = {
    'admin-token': 'swt_x',
    'secrets.key': 'what secrets in the database are sealed with',
    'ports.json': '{}',
    'pki/device/ca.key.pem': 'a key',
    'signer/keys/leaf.key.pem': 'another key',
    'signer/state/log.jsonl': `${JSON.stringify({ deviceClass: TEST_CLASS, counter: 7 })}\n`,
    'signer/state/staging/x': 'work in progress',
    'store/builds/bld_1/result.json': '{}',
    'store/builds/bld_1/attempts/a/x': 'work in progress',
    'store/sources/sha256:00/file': 'source',
    'cache/blob': 'cached',
    'logs/api.log': 'log',
    ...files,
  };
  for (const [name, text] of Object.entries(all)) {
    await mkdir(dirname(join(dataDir, name)), { recursive: true, mode: 0o700 });
    await writeFile(join(dataDir, name), text, { mode: name.includes('key') ? 0o400 : 0o644 });
  }
  await mkdir(join(dataDir, 'store/bundles'), { recursive: true });
  await mkdir(join(dataDir, 'store/sources/sha256:00/empty'));
  await symlink('file', join(dataDir, 'store/sources/sha256:00/link'));
  return dataDir;
};

/** Every row, as the database prints it. */
const contents = async (db: Database): Promise<Record<string, string[]>> => {
  const tables = await tablesInOrder(db);
  const rows: Record<string, string[]> = {};
  for (const table of tables) {
    const found = await rowsOf(
      db,
      z.object({ row: z.string() }),
      sql`select t::text as row from ${sql.identifier(table)} t order by 1`,
    );
    rows[table] = found.map(({ row }) => row);
  }
  return rows;
};

describe.each(engines)('the database, on %s', (_name, openSource, newPlace) => {
  let source: OpenDatabase;
  beforeAll(async () => {
    source = await openSource();
  });
  afterAll(() => source.close());

  test('comes back as it was on PostgreSQL, and numbers go on after it', async () => {
    const { db } = source;
    const by = { actor: 'ann', seal: (): string => '1:sealed' };
    await createWebhook(db, WebhookCreate.parse({ url: 'https://ops.example/' }), by, new Date());
    const release = await seedRelease(db, '1.0.0', Buffer.from('bundle'));
    const device = await seedOnlineDevice(db, 'odd "\'\\ü-1'.replaceAll(/[^a-z0-9-]/g, ''));
    const limits = { failureThreshold: 1, maxInFlight: 10 };
    const rollout = await createRollout(db, { release: release.id, ...limits }, new Date());
    await planRollout(db, rollout.id, new Date());
    await recordAudit(db, {
      actor: 'ann "\\\n\u2028 ü',
      action: 'odd',
      subject: '💥',
      details: { a: [1, null] },
    });
    const file = newPath('export');
    const summary = await exportDatabase(db, file, new Date());
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const before = await contents(db);
    expect(summary.rows).toBe(Object.values(before).flat().length);

    const restored = await importDatabase(await newPlace(), file);
    onTestFinished(() => restored.close());
    expect(await contents(restored.db)).toEqual(before);
    expect((await getDevice(restored.db, device.id)).online).toBe(true);
    // Identities go on, and so does the chain.
    await recordAudit(restored.db, { actor: 'bob', action: 'next', subject: 'x' });
    const entries = await listAudit(restored.db, { limit: 1000, offset: 0, order: 'oldest' });
    expect((await verifyAudit(entries)).sequence).toBe((before['audit']?.length ?? 0) + 1);
  });

  test('whose audit log was altered is refused', async () => {
    const { db } = source;
    await recordAudit(db, { actor: 'ann', action: 'altered', subject: 'x' });
    const [entry] = await listAudit(db, { limit: 1, offset: 0 });
    const file = newPath('export');
    await exportDatabase(db, file, new Date());
    const text = await readFile(file, 'utf8');
    const hash = entry?.previous ?? '';
    expect(text).toContain(hash);
    await writeFile(file, text.replaceAll(hash, 'f'.repeat(64)));
    expect(await codeThrownBy(importDatabase(await newPlace(), file))).toBe('BACKUP_INVALID');
  });

  test('is one moment, whatever is written meanwhile', async () => {
    const { db } = source;
    const load = { isRunning: true };
    const write = async (): Promise<number> => {
      let pairs = 0;
      for (; load.isRunning; pairs += 1) {
        // The embedded database answers before anything else has its turn.
        await setImmediate();
        // Two rows that are there together or not at all.
        await db.transaction(async (tx) => {
          await recordAudit(tx, { actor: 'load', action: 'first', subject: `${pairs}` });
          await createBuild(tx, { deviceClass: TEST_CLASS, version: '9.0.0' }, new Date());
        });
      }
      return pairs;
    };
    const writing = write();
    for (let round = 0; round < 2; round += 1) {
      const file = newPath('export');
      await exportDatabase(db, file, new Date());
      const lines = (await readFile(file, 'utf8')).split('\n');
      const audits = lines.filter((line) => line.includes('"actor": "load"')).length;
      const builds = lines.filter((line) => line.includes('"version": "9.0.0"')).length;
      expect(builds).toBe(audits);
    }
    load.isRunning = false;
    expect(await writing).toBeGreaterThan(0);
  });
});

describe('a backup', () => {
  let database: OpenDatabase;
  let release: Awaited<ReturnType<typeof seedRelease>>;
  beforeAll(async () => {
    database = await openTestDatabase();
    release = await seedRelease(database.db, '1.4.0', Buffer.from('bundle'));
    await seedOnlineDevice(database.db, 'gate-1');
  });
  afterAll(() => database.close());

  const back = (dataDir: string, file = newPath('backup'), encryptFor?: EncryptFor) =>
    makeBackup({
      file,
      dataDir,
      encryptFor,
      exportTo: (path) => exportDatabase(database.db, path, new Date()),
      now: new Date(),
    });
  const withBundle = () => makeDataDir({ [`store/bundles/${release.id}.tar`]: 'bundle' });

  test('holds what counts, for our eyes only; is put over an instance only by force, and never over one that runs', async () => {
    const made = await back(await withBundle());
    const { file } = made;
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await verifyBackup(file)).toMatchObject({ madeAt: made.madeAt, files: made.files });

    const dataDir = await makeDataDir();
    const now = new Date();
    expect(await codeThrownBy(restoreBackup({ file, dataDir, now }))).toBe('RESTORE_REFUSED');
    const running = await lockDirectory(dataDir);
    expect(await codeThrownBy(restoreBackup({ file, dataDir, now, force: true }))).toBe('ALREADY_RUNNING');
    await running.release();
    const { setAside } = await restoreBackup({ file, dataDir, now, force: true });
    expect(await readFile(join(setAside[0] ?? '', 'cache/blob'), 'utf8')).toBe('cached');

    const names = (await readdir(dataDir, { recursive: true })).filter((name) => !name.startsWith('db/'));
    expect(names.sort()).toEqual(
      [
        'admin-token',
        'db',
        'pki',
        'pki/device',
        'pki/device/ca.key.pem',
        'ports.json',
        'secrets.key',
        'signer',
        'signer/keys',
        'signer/keys/leaf.key.pem',
        'signer/state',
        'signer/state/log.jsonl',
        'store',
        'store/builds',
        'store/builds/bld_1',
        'store/builds/bld_1/result.json',
        'store/bundles',
        `store/bundles/${release.id}.tar`,
        'store/sources',
        'store/sources/sha256:00',
        'store/sources/sha256:00/empty',
        'store/sources/sha256:00/file',
        'store/sources/sha256:00/link',
      ].sort(),
    );
    expect((await stat(join(dataDir, 'pki/device/ca.key.pem'))).mode & 0o777).toBe(0o400);
    const restored = await openDatabase({ dataDir: join(dataDir, 'db') });
    expect(await getRelease(restored.db, release.id)).toMatchObject(release);
    await restored.close();
  });

  test('that is old: no number is given again, what was under way ends, offers stay halted', async () => {
    const own = await openTestDatabase();
    onTestFinished(() => own.close());
    const { db } = own;
    const published = await seedRelease(db, '2.3.4', Buffer.from('bundle'));
    const device = await seedOnlineDevice(db, 'gate-1');
    const rollout = await createRollout(
      db,
      { release: published.id, failureThreshold: 1, maxInFlight: 10 },
      new Date(),
    );
    await planRollout(db, rollout.id, new Date());
    const before = await desiredOf(db, device.id);
    const dataDir = await makeDataDir({ [`store/bundles/${published.id}.tar`]: 'bundle' });
    const file = newPath('backup');
    const exportTo = (path: string) => exportDatabase(db, path, new Date());
    await makeBackup({ file, dataDir, exportTo, now: new Date() });

    const to = newPath('restored');
    // There it takes a tenth of the time.
    const databaseUrl = await postgres?.newDatabase();
    await restoreBackup({ file, dataDir: to, databaseUrl, now: new Date() });
    const place = databaseUrl === undefined ? { dataDir: join(to, 'db') } : { url: databaseUrl };
    const restored = await openDatabase(place);
    onTestFinished(() => restored.close());
    expect(await getEmergencyStop(restored.db, tenant)).toMatchObject({
      stopped: true,
      actor: 'restore',
      offers: 0,
    });
    const released = await desiredOf(restored.db, device.id);
    expect(released?.assignment).toBeNull();
    expect(released?.seq).toBeGreaterThan((before?.seq ?? 0) + 100_000);
    expect(await getRollout(restored.db, rollout.id)).toMatchObject({ state: 'running', counts: {} });
    // Above what the signer has signed, which is more than the database knew.
    const build = await createBuild(restored.db, { deviceClass: TEST_CLASS }, new Date());
    expect(build).toMatchObject({ version: '2.4.0' });
    expect(build.counter).toBeGreaterThan(100_007);
    expect((await createBuild(restored.db, { deviceClass: TEST_CLASS }, new Date())).version).toBe('2.4.1');

    await liftStop(restored.db, tenant, 'ann');
    await planRollout(restored.db, rollout.id, new Date());
    expect((await getDevice(restored.db, device.id)).online).toBe(false);
    // One that enrols only now has perhaps been here before.
    await seedOnlineDevice(restored.db, 'gate-2');
    await planRollout(restored.db, rollout.id, new Date());
    const offered = await desiredOf(restored.db, DeviceId.parse('gate-2'));
    expect(offered?.assignment).not.toBeNull();
    expect(offered?.seq).toBeGreaterThan(released?.seq ?? 0);
  });

  describe('that is encrypted', () => {
    const run = promisify(execFile);
    let identity: string;
    let other: string;
    let recipient: string;
    let sealed: string;
    const newIdentity = async (): Promise<readonly [string, string]> => {
      const { stdout } = await run('age-keygen');
      return [/AGE-SECRET-KEY-1\w+/.exec(stdout)?.[0] ?? '', /age1\w+/.exec(stdout)?.[0] ?? ''];
    };
    beforeAll(async () => {
      [identity, recipient] = await newIdentity();
      [other] = await newIdentity();
      sealed = (await back(await withBundle(), newPath('sealed'), { recipients: [recipient] })).file;
    });

    test('is opened by its identity, and read by age; its keys are nowhere in it', async () => {
      const key = { identities: [identity] };
      expect(await verifyBackup(sealed, key)).toMatchObject({ encrypted: true });
      for (const text of ['another key', 'gate-1'])
        expect([text, (await readFile(sealed)).includes(text)]).toEqual([text, false]);
      const [keys, opened] = [newPath('identity'), newPath('opened')];
      await writeFile(keys, identity);
      await run('age', ['-d', '-i', keys, '-o', opened, sealed]);
      expect((await readFile(opened)).includes('another key')).toBe(true);
      const plain = await verifyBackup(opened);
      expect(plain).toMatchObject({ ...(await verifyBackup(sealed, key)), file: opened, encrypted: false });
      const dataDir = newPath('restored');
      await restoreBackup({ file: sealed, dataDir, key, now: new Date() });
      expect(await readFile(join(dataDir, 'signer/keys/leaf.key.pem'), 'utf8')).toBe('another key');
    });

    test('is opened by what age encrypted it for, too', async () => {
      const { file } = await back(await withBundle());
      const byAge = newPath('by-age');
      await run('age', ['-r', recipient, '-o', byAge, file]);
      expect(await verifyBackup(byAge, { identities: [identity] })).toMatchObject({ encrypted: true });
    });

    test.each<[string, () => OpenWith | undefined]>([
      ['nothing', () => undefined],
      ['another identity', () => ({ identities: [other] })],
      ['a passphrase', () => ({ passphrase: 'not that one' })],
    ])('is not opened by %s, and nothing is touched', async (_what, key) => {
      expect(await codeThrownBy(verifyBackup(sealed, key()))).toBe('BACKUP_LOCKED');
      const dataDir = newPath('untouched');
      const restoring = restoreBackup({ file: sealed, dataDir, key: key(), now: new Date() });
      expect(await codeThrownBy(restoring)).toBe('BACKUP_LOCKED');
      for (const path of [dataDir, `${dataDir}.restoring`])
        expect(await codeThrownBy(stat(path))).toBe('INTERNAL');
    });

    test.each([
      ['cut short', async (file: string) => truncate(file, (await stat(file)).size - 5000)],
      ['cut in its header', async (file: string) => truncate(file, 100)],
      ['with a bit turned', (file: string) => turnBitAt(file, 70_000)],
    ])('is refused where it is %s', async (_what, damage) => {
      const damaged = newPath('damaged');
      await copyFile(sealed, damaged);
      await damage(damaged);
      expect(await codeThrownBy(verifyBackup(damaged, { identities: [identity] }))).toBe('BACKUP_INVALID');
    });

    test('with a passphrase, is opened by it only', async () => {
      const { file } = await back(await withBundle(), newPath('sealed'), {
        passphrase: 'correct horse battery',
      });
      expect(await codeThrownBy(verifyBackup(file, { passphrase: 'correct horse' }))).toBe('BACKUP_LOCKED');
      expect(await verifyBackup(file, { passphrase: 'correct horse battery' })).toMatchObject({
        encrypted: true,
      });
    });

    test('for whom nobody can be is not made', async () => {
      const file = newPath('sealed');
      const making = back(await withBundle(), file, { recipients: ['age1none'] });
      expect(await codeThrownBy(making)).toBe('USAGE');
      expect((await readdir(folder)).filter((name) => join(folder, name).startsWith(file))).toEqual([]);
    });
  });

  test('without the bundle of a release is refused, and leaves nothing behind', async () => {
    const file = newPath('backup');
    expect(await codeThrownBy(back(await makeDataDir(), file))).toBe('BACKUP_INCOMPLETE');
    expect((await readdir(folder)).filter((name) => name.startsWith(file))).toEqual([]);
  });

  test('never replaces a file', async () => {
    const { file } = await back(await withBundle());
    expect(await codeThrownBy(back(await withBundle(), file))).toBe('NOT_WRITABLE');
  });

  test.each([
    ['cut short', async (file: string) => truncate(file, (await stat(file)).size - 5000)],
    ['cut at an entry', async (file: string) => truncate(file, 1536)],
    ['with a bit turned', (file: string) => turnBit(file)],
    ['that is none', (file: string) => writeFile(file, 'hello')],
    ['that is empty', (file: string) => truncate(file, 0)],
  ])('%s is refused, and nothing is touched', async (_what, damage) => {
    const { file } = await back(await withBundle());
    const damaged = newPath('damaged');
    await copyFile(file, damaged);
    await damage(damaged);
    expect(await codeThrownBy(verifyBackup(damaged))).toBe('BACKUP_INVALID');
    const dataDir = newPath('untouched');
    expect(await codeThrownBy(restoreBackup({ file: damaged, dataDir, now: new Date() }))).toBe(
      'BACKUP_INVALID',
    );
    expect(await codeThrownBy(stat(dataDir))).toBe('INTERNAL');
    expect(await codeThrownBy(stat(`${dataDir}.restoring`))).toBe('INTERNAL');
  });

  test.runIf(postgres !== undefined)(
    'goes into PostgreSQL too; tables that are there are set aside',
    async () => {
      const { file } = await back(await withBundle());
      const databaseUrl = (await postgres?.newDatabase()) ?? '';
      const now = new Date();
      await restoreBackup({ file, dataDir: newPath('restored'), databaseUrl, now });
      expect(
        await codeThrownBy(restoreBackup({ file, dataDir: newPath('restored'), databaseUrl, now })),
      ).toBe('RESTORE_REFUSED');
      const again = { file, dataDir: newPath('restored'), databaseUrl, now, force: true };
      const { setAside } = await restoreBackup(again);
      expect(setAside).toHaveLength(2);
      const restored = await openDatabase({ url: databaseUrl });
      onTestFinished(() => restored.close());
      expect(await getRelease(restored.db, release.id)).toMatchObject(release);
      await seedDevice(restored.db, 'gate-9');
    },
  );
});

const turnBitAt = async (path: string, at: number): Promise<void> => {
  await using file = await open(path, 'r+');
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, at);
  await file.write(Buffer.from([(buffer[0] ?? 0) ^ 1]), 0, 1, at);
};

const turnBit = async (path: string): Promise<void> => {
  await using file = await open(path, 'r+');
  const at = (await readFile(path)).indexOf('another key');
  await file.write(Buffer.from('b'), 0, 1, at);
};
