import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AGENT_RUNTIMES, CHUNK_BYTES, Birth } from '@slipway/protocol';
import { makeReleaseTree } from '@slipway/signing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { makeAuthorities, type Authorities } from './fixture/authorities.ts';
import { startBroker, type Broker } from './fixture/broker.ts';
import { DEVICE, startCloud, type Cloud } from './fixture/cloud.ts';
import { bundleAgent, makeDevice, type AgentProgram, type DiskDevice } from './fixture/disk-device.ts';
import { changeChunks, makeRelease, randomRoot, type Release } from './fixture/release.ts';

const CHUNKS = 24;
const CHANGED = [1, 2, 3, 5, 8, 13, 21, 22];

describe.each(AGENT_RUNTIMES)('the agent on %s', (runtime) => {
  let ground: string;
  let agent: AgentProgram;
  let authorities: Authorities;
  let stranger: Authorities['release'];
  let v1: Release;
  let v2: Release;
  const releases = new Map<string, Release>();

  const make = async (input: Parameters<typeof makeRelease>[2]): Promise<Release> => {
    const release = await makeRelease(join(ground, 'releases'), authorities, input);
    releases.set(release.rootHash, release);
    return release;
  };

  beforeAll(async () => {
    ground = await mkdtemp(join(tmpdir(), 'slipway-agent-'));
    agent = await bundleAgent(ground, runtime);
    [authorities, stranger] = await Promise.all([makeAuthorities(), makeReleaseTree('stranger')]);
    const root = randomRoot(CHUNKS);
    v1 = await make({ version: '1.0.0', counter: 10, root });
    v2 = await make({ version: '2.0.0', counter: 20, root: changeChunks(root, CHANGED) });
  });
  afterAll(async () => {
    await rm(ground, { recursive: true, force: true });
  });

  let broker: Broker;
  let cloud: Cloud;
  let device: DiskDevice;

  beforeEach(async () => {
    const directory = await mkdtemp(join(ground, 'run-'));
    broker = await startBroker(directory, authorities);
    cloud = await startCloud(authorities, broker);
    device = await makeDevice(
      agent,
      join(directory, 'device'),
      authorities,
      cloud.enrolUrl,
      releases,
      v1,
      26 * CHUNK_BYTES,
    );
    cloud.publish(v2);
  });
  afterEach(async (context) => {
    await device.cutPower();
    if (context.task.result?.state === 'fail') console.error(device.output(), broker.output());
    await cloud.stop();
    await broker.stop();
  });

  const HAPPY = ['ACCEPTED', 'DOWNLOADING', 'VERIFIED', 'INSTALLING', 'REBOOTING', 'TRIAL', 'COMMITTED'];
  const isBorn = () => cloud.seen.some(({ kind }) => kind === 'birth');
  const births = () => cloud.seen.filter(({ kind }) => kind === 'birth').map(({ body }) => Birth.parse(body));

  describe('the way of a device', () => {
    test('enrols once, installs over the block stream, proves itself and commits', async () => {
      await device.boot();
      await cloud.until('birth', isBorn);
      expect(cloud.enrolments).toHaveLength(1);
      expect(births()[0]).toMatchObject({
        deviceId: DEVICE,
        activeSlot: 'a',
        slots: { a: { state: 'GOOD', version: '1.0.0' }, b: { state: 'EMPTY' } },
        timeZone: 'UTC',
        utcOffset: 0,
      });
      await expect(readFile(device.path('esp/slipway/claim.json'))).rejects.toThrow('ENOENT');

      await cloud.desire(1, v2);
      const outcome = await cloud.outcome(1);
      expect(outcome).toMatchObject({
        state: 'COMMITTED',
        slot: 'b',
        bytesReceived: CHANGED.length * CHUNK_BYTES + CHUNK_BYTES - 777,
      });
      expect(cloud.statesOf(1)).toEqual(HAPPY);
      expect(device.boots.map(({ slot, version }) => [slot, version])).toEqual([
        ['a', '1.0.0'],
        ['b', '2.0.0'],
      ]);
      expect(await device.readVariable('LoaderEntryDefault')).toBe('b');
      expect(await readFile(device.path('esp/loader/loader.conf'), 'utf8')).toContain('default slot-b.efi');
      expect((await device.slotBytes('b')).subarray(0, v2.root.length).equals(v2.root)).toBe(true);
      expect((await device.slotBytes('a')).subarray(0, v1.root.length).equals(v1.root)).toBe(true);
      expect(cloud.enrolments).toHaveLength(1);
      expect(device.output()).not.toContain('fatal');
    });

    test('a release whose service crashes leaves the old slot active and is reported with its gate', async () => {
      device.behaviours.set('2.0.0', 'crashes');
      await device.boot();
      await cloud.desire(1, v2);
      expect(await cloud.outcome(1)).toMatchObject({
        state: 'ROLLED_BACK',
        code: 'TRIAL_GATE_FAILED',
        slot: 'a',
        message: expect.stringContaining('service:web'),
      });
      expect(cloud.statesOf(1)).toEqual([...HAPPY.slice(0, -1), 'ROLLED_BACK']);
      expect(device.boots.map(({ slot }) => slot)).toEqual(['a', 'b', 'a']);
      expect(await device.readVariable('LoaderEntryDefault')).toBeUndefined();
      await cloud.until('the birth after it', () => births().at(-1)?.slots.b.state === 'FAILED');
    });

    test.each([
      ['hangs', 'TRIAL_WATCHDOG', 'web: "hangs"'],
      ['panics', 'TRIAL_PANIC', 'Kernel panic - not syncing: sysrq triggered crash\n<4>Call Trace:'],
      ['initramfs', 'TRIAL_INITRAMFS', undefined],
      ['unloadable', 'TRIAL_UKI_UNLOADABLE', undefined],
    ] as const)('a release that %s is reported as %s, once, with its logs', async (behaviour, code, log) => {
      device.behaviours.set('2.0.0', behaviour);
      await device.boot();
      await cloud.desire(1, v2);
      const outcome = await cloud.outcome(1);
      expect(outcome).toMatchObject({ state: 'ROLLED_BACK', code, slot: 'a' });
      expect(outcome.log ?? '').toContain(log ?? '');
      expect(outcome.log === undefined).toBe(log === undefined);
      await device.restartAgent();
      await cloud.until('another birth', () => births().length >= 3);
      expect(cloud.statesOf(1).filter((state) => state === 'ROLLED_BACK')).toHaveLength(1);
      expect(await readdir(device.path('sys/fs/pstore')).catch(() => [])).toEqual([]);
      expect(await readdir(device.path('data/slipway/trial')).catch(() => [])).toEqual([]);
    });

    test('a probe that still fails at the deadline is named', async () => {
      const v3 = await make({
        version: '3.0.0',
        counter: 30,
        root: changeChunks(v1.root, [4]),
        gates: { deadline: 5, probes: [{ type: 'exec', name: 'page', command: ['false'] }] },
      });
      cloud.publish(v3);
      await device.boot();
      await cloud.desire(1, v3);
      expect(await cloud.outcome(1)).toMatchObject({
        state: 'ROLLED_BACK',
        code: 'TRIAL_GATE_FAILED',
        message: expect.stringContaining('probe:page'),
      });
    });
  });

  describe('cuts', () => {
    test('killed in the middle of the install: the old slot boots, the install resumes and equals a clean one', async () => {
      // Large enough for several entries of the journal.
      const big = randomRoot(80);
      const old = await make({ version: '4.0.0', counter: 40, root: big });
      const next = await make({
        version: '5.0.0',
        counter: 50,
        root: changeChunks(
          big,
          Array.from({ length: 60 }, (_, at) => at),
        ),
      });
      cloud.publish(next);
      device = await makeDevice(
        agent,
        device.path('../big'),
        authorities,
        cloud.enrolUrl,
        releases,
        old,
        80 * CHUNK_BYTES,
      );
      await device.boot();
      cloud.allow(90);
      await cloud.desire(1, next);
      await cloud.until('90 blocks', () => cloud.served() >= 90);
      await device.cutPower();
      expect(await device.bootable('b')).toBeUndefined();
      const before = cloud.served();
      cloud.allow(Number.POSITIVE_INFINITY);
      await device.boot();
      expect(await cloud.outcome(1)).toMatchObject({ state: 'COMMITTED', slot: 'b' });
      expect(cloud.statesOf(1)).toEqual(HAPPY);
      expect((await device.slotBytes('b')).subarray(0, next.root.length).equals(next.root)).toBe(true);
      // 120 blocks of the root and 2 of the UKI in all; what the journal held was not asked for again.
      expect(cloud.served() - before).toBeLessThan(100);
    });

    test('the agent killed during the trial goes on with it', async () => {
      const v3 = await make({
        version: '6.0.0',
        counter: 60,
        root: changeChunks(v1.root, [7]),
        gates: { deadline: 60, stable: 2 },
      });
      cloud.publish(v3);
      await device.boot();
      await cloud.desire(1, v3);
      await cloud.until('the trial', () => cloud.statesOf(1).includes('TRIAL'));
      await device.restartAgent();
      expect(await cloud.outcome(1)).toMatchObject({ state: 'COMMITTED', slot: 'b' });
      expect(cloud.statesOf(1)).toEqual(HAPPY);
    });

    test('the power going during a trial costs a try, not the release', async () => {
      const v3 = await make({
        version: '7.0.0',
        counter: 70,
        root: changeChunks(v1.root, [9]),
        gates: { deadline: 60, stable: 2 },
      });
      cloud.publish(v3);
      await device.boot();
      await cloud.desire(1, v3);
      await cloud.until('the trial', () => cloud.statesOf(1).includes('TRIAL'));
      await device.cutPower();
      await device.boot();
      expect(await cloud.outcome(1)).toMatchObject({ state: 'COMMITTED', slot: 'b' });
      expect(device.boots.map(({ slot }) => slot)).toEqual(['a', 'b', 'a', 'b']);
    });

    test('reports that were not acknowledged are sent again, with the same numbers', async () => {
      cloud.acknowledge(false);
      await device.boot();
      await cloud.desire(1, v2);
      await cloud.outcome(1);
      const reports = () => cloud.seen.filter(({ kind }) => kind === 'status').length;
      const before = reports();
      cloud.acknowledge(true);
      await device.restartAgent();
      await cloud.until('all reports again', () => reports() >= before + HAPPY.length);
      expect(cloud.statesOf(1)).toEqual(HAPPY);
    });
  });

  // On the other runtime nothing of what follows differs: it is decided above the port.
  if (runtime !== 'quickjs') return;

  describe('what the server asks', () => {
    test('delivered again, late or reordered it causes no second install and no second reboot', async () => {
      await device.boot();
      await cloud.desire(1, v2);
      await cloud.outcome(1);
      const boots = device.boots.length;
      await cloud.desire(1, v2, { seq: 1 });
      await cloud.desire(1, v2);
      await cloud.desire(2, v2);
      expect(await cloud.outcome(2)).toMatchObject({ state: 'COMMITTED' });
      expect(device.boots).toHaveLength(boots);
      expect(cloud.statesOf(1)).toEqual(HAPPY);
    });

    test('an expired assignment is refused', async () => {
      await device.boot();
      await cloud.desire(1, v2, { expiresAt: 1_000 });
      expect(await cloud.outcome(1)).toMatchObject({ state: 'REJECTED', code: 'ASSIGNMENT_EXPIRED' });
    });

    test('taken back during the download it is canceled, and may be asked again', async () => {
      cloud.allow(5);
      await device.boot();
      await cloud.desire(1, v2);
      await cloud.until('5 blocks', () => cloud.served() >= 5);
      await cloud.desire(0, null);
      expect(await cloud.outcome(1)).toMatchObject({ state: 'CANCELED' });
      cloud.allow(Number.POSITIVE_INFINITY);
      await cloud.desire(2, v2);
      expect(await cloud.outcome(2)).toMatchObject({ state: 'COMMITTED' });
    });

    test('while the server says offline nothing is asked for, afterwards the download goes on', async () => {
      await device.boot();
      await cloud.until('birth', isBorn);
      await cloud.serverState('offline');
      await cloud.desire(1, v2);
      await cloud.command({ name: 'rebirth' });
      await cloud.until('a birth that answers', () => births().length >= 2);
      expect(cloud.served()).toBe(0);
      await cloud.serverState('online');
      expect(await cloud.outcome(1)).toMatchObject({ state: 'COMMITTED' });
    });

    test('a reboot is done once', async () => {
      await device.boot();
      await cloud.until('birth', isBorn);
      await cloud.command({ name: 'reboot' });
      await cloud.until('the second boot', () => new Set(births().map(({ bootId }) => bootId)).size === 2);
      expect(device.boots).toHaveLength(2);
    });
  });

  describe('refused before the inactive slot is touched', () => {
    type Case = readonly [what: string, code: string, release: Release, bytes?: Buffer];
    /** The bytes of a bundle with one of them flipped. */
    const flip = (release: Release, find: string, add = 0): Buffer => {
      const bytes = Buffer.from(release.bytes);
      const at = bytes.indexOf(find) + add;
      bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
      return bytes;
    };
    const unlisted = (): Buffer => {
      const bytes = Buffer.from(v2.bytes);
      const at = bytes.lastIndexOf('sbom.cdx.json\0');
      bytes.write('evil', at);
      // The checksum of the header follows the name.
      const header = bytes.subarray(at, at + 512);
      header.fill(' ', 148, 156);
      const sum = header.reduce((total, byte) => total + byte, 0);
      header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
      return bytes;
    };
    const made = async (
      counter: number,
      more: Partial<Parameters<typeof makeRelease>[2]> = {},
    ): Promise<Release> => make({ version: `2.0.${counter}`, counter, root: v2.root, ...more });

    // One device after the other takes longer than all of this: what is refused leaves it as it was.
    test('changed, signed by others, for others, too old, too new, too large', async () => {
      const cases: readonly Case[] = [
        ['a byte of the manifest', 'BUNDLE_SIGNATURE_INVALID', v2, flip(v2, '"counter"', 11)],
        ['a byte of the signature', 'BUNDLE_SIGNATURE_INVALID', v2, flip(v2, 'manifest.p7s', 512 + 30)],
        ['a byte of a header', 'BUNDLE_MALFORMED', v2, flip(v2, 'root.img\0', 130)],
        ['a file that is not listed', 'BUNDLE_FILE_UNLISTED', v2, unlisted()],
        ['another signer', 'BUNDLE_SIGNER_UNTRUSTED', await made(21, { signer: stranger })],
        [
          'another class',
          'BUNDLE_CLASS_MISMATCH',
          await made(22, { manifest: { deviceClass: 'edge-arm64' } }),
        ],
        ['another architecture', 'BUNDLE_CLASS_MISMATCH', await made(23, { manifest: { arch: 'arm64' } })],
        ['a counter that is not above the committed one', 'BUNDLE_COUNTER_TOO_LOW', await made(9)],
        [
          'a newer agent needed',
          'BUNDLE_AGENT_TOO_OLD',
          await made(24, { manifest: { minimumAgent: '99.0.0' } }),
        ],
        [
          'a signed manifest of another release',
          'BUNDLE_MANIFEST_INVALID',
          await made(25, { manifest: { release: 'rel_aaaaaaaaaaaaaaaa' } }),
        ],
        ['a root larger than the slot', 'INSTALL_NO_SPACE', await made(26, { root: randomRoot(30) })],
      ];
      await device.boot();
      const before = await device.slotBytes('b');
      for (const [at, [what, code, release, bytes = release.bytes]] of cases.entries()) {
        cloud.publish(release, bytes);
        await cloud.desire(at, release);
        expect(await cloud.outcome(at), `${what}:`).toMatchObject({ state: 'REJECTED', code });
        expect((await device.slotBytes('b')).equals(before), `${what}: untouched`).toBe(true);
      }
      expect(device.boots).toHaveLength(1);
      // It would have taken the good one.
      cloud.publish(v2);
      await cloud.desire(cases.length, v2);
      expect((await cloud.outcome(cases.length)).state).toBe('COMMITTED');
    });
  });

  test('a chunk whose bytes are wrong is never written', async () => {
    const bytes = Buffer.from(v2.bytes);
    const at = bytes.indexOf(v2.root.subarray(CHANGED[0]! * CHUNK_BYTES, CHANGED[0]! * CHUNK_BYTES + 2000)); // eslint-disable-line typescript/no-non-null-assertion -- a constant list
    bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
    cloud.publish(v2, bytes);
    await device.boot();
    await cloud.desire(1, v2);
    expect(await cloud.outcome(1)).toMatchObject({ state: 'FAILED', code: 'BUNDLE_DIGEST_MISMATCH' });
    expect(await device.bootable('b')).toBeUndefined();
    const written = (await device.slotBytes('b')).subarray(CHUNK_BYTES, 2 * CHUNK_BYTES);
    expect(written.every((byte) => byte === 0)).toBe(true);
  });
});
