import { mkdtemp, open, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CHUNK_BYTES, codeOf, Digest } from '@slipway/protocol';
import { makeAuthority, makeLeaf, makeReleaseTree, validFor } from '@slipway/signing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { makeAuthorities, type Authorities } from '../fixture/authorities.ts';
import { entriesOf, headerOf, signedBy, tarOf, type Entry } from '../fixture/bundle-bytes.ts';
import { installRig, TIME_FLOOR, type InstallRig } from '../fixture/install-rig.ts';
import { makeRelease, randomRoot, sha256, type Release } from '../fixture/release.ts';
import type { OpenFile, Runtime } from '../runtime/port.ts';
import { openJournal } from './journal.ts';

/**
 * What the installer of a device refuses, each with its code, before it writes anything; `docs/device-refusals.md` is the
 * list. Bundles come from files, which is the same code as over the channel behind the first read.
 */
const CHUNKS = 6;
const TEN_YEARS = 10 * 365 * 86_400;

let ground: string;
let authorities: Authorities;
let good: Release;
let entries: Entry[];
let rig: InstallRig;
let number = 0;

beforeAll(async () => {
  ground = await mkdtemp(join(tmpdir(), 'slipway-refusals-'));
  authorities = await makeAuthorities();
  good = await makeRelease(join(ground, 'releases'), authorities, {
    version: '2.0.0',
    counter: 20,
    root: randomRoot(CHUNKS),
  });
  entries = entriesOf(good.bytes);
});
afterAll(async () => {
  await rm(ground, { recursive: true, force: true });
});
beforeEach(async () => {
  number += 1;
  rig = await installRig(join(ground, `rig-${number}`), authorities, 8 * CHUNK_BYTES);
});
afterEach(async () => {
  await rig.bundles.release();
});

const manifestOf = (files: readonly Entry[]): Uint8Array =>
  files.find(([name]) => name === 'manifest.json')?.[1] ?? new Uint8Array();

const put = async (bytes: Uint8Array): Promise<string> => {
  const path = join(ground, `bundle-${number}.tar`);
  await writeFile(path, bytes);
  return path;
};

/** What a person sees who asks for the file, and what the job says that was begun for it. */
const refusal = async (
  bytes: Uint8Array,
  manifest: Uint8Array = manifestOf(entriesOf(Buffer.from(bytes))),
) => {
  const path = await put(bytes);
  const before = await rig.slotBytes('b');
  const asked = await rig.bundles.inspect(path, rig.device.counter, rig.runtime.time.now()).then(
    () => 'none',
    (error: unknown) => codeOf(error),
  );
  const bundle = { digest: sha256(manifest), size: bytes.length };
  const [result] = await rig.run(path, bundle, good.release);
  expect((await rig.slotBytes('b')).equals(before)).toBe(true);
  return { asked, job: result?.kind === 'refused' ? result.code : result?.kind };
};
const both = (code: string) => ({ asked: code, job: code });
const resigned = (
  manifest: Uint8Array,
  signer: Parameters<typeof signedBy>[1] = authorities.release,
): Buffer =>
  tarOf([['manifest.json', manifest], ['manifest.p7s', signedBy(manifest, signer)], ...entries.slice(2)]);

test('what all of this is measured by: the good bundle is installed', async () => {
  const path = await put(good.bytes);
  const { bundle } = await rig.bundles.inspect(path, rig.device.counter, rig.runtime.time.now());
  expect(bundle.digest).toBe(sha256(manifestOf(entries)));
  const results = await rig.run(path, bundle, good.release);
  expect(results.map(({ kind }) => kind)).toEqual(['fetched', 'written', 'placed']);
  expect((await rig.slotBytes('b')).subarray(0, good.root.length).equals(good.root)).toBe(true);
  expect(await refusal(resigned(manifestOf(entries)).subarray(0, -1))).toEqual({
    asked: 'none',
    job: 'BUNDLE_MALFORMED',
  });
});

describe('signatures', () => {
  test.each([0, 63, 65])('of %i bytes', async (length) => {
    const changed = entries.with(1, ['manifest.p7s', Buffer.alloc(length, 0x30)]);
    expect(await refusal(tarOf(changed))).toEqual(both('BUNDLE_SIGNATURE_INVALID'));
  });

  test('one byte of the manifest flipped, from its first to its last', async () => {
    const manifest = manifestOf(entries);
    const spots = new Set([0, 1, manifest.length - 1]);
    for (let at = 0; at < manifest.length; at += 127) spots.add(at);
    for (const at of spots) {
      const flipped = Uint8Array.from(manifest, (byte, index) => (index === at ? byte ^ 1 : byte));
      const bytes = tarOf(entries.with(0, ['manifest.json', flipped]));
      expect(await refusal(bytes), `byte ${at}`).toEqual(both('BUNDLE_SIGNATURE_INVALID'));
    }
  });

  test('one byte of the signature flipped, from its first to its last', async () => {
    const signature = entries[1]?.[1] ?? new Uint8Array();
    const codes = new Set<string | undefined>();
    for (let at = 0; at < signature.length; at += 97) {
      const flipped = Uint8Array.from(signature, (byte, index) => (index === at ? byte ^ 1 : byte));
      const { asked, job } = await refusal(tarOf(entries.with(1, ['manifest.p7s', flipped])));
      expect(job, `byte ${at}`).toBe(asked);
      codes.add(asked);
    }
    // In the certificates that it carries, the chain breaks; everywhere else the signature itself.
    expect(codes).toEqual(new Set(['BUNDLE_SIGNATURE_INVALID', 'BUNDLE_SIGNER_UNTRUSTED']));
  });

  test('DER nested 10,000 deep never reaches a parser that descends', async () => {
    const parts: Buffer[] = [];
    for (let depth = 0, inner = 0; depth < 10_000; depth++) {
      const header =
        inner < 0x80
          ? [0x30, inner]
          : inner < 0x100
            ? [0x30, 0x81, inner]
            : [0x30, 0x82, inner >> 8, inner & 0xff];
      parts.push(Buffer.from(header));
      inner += header.length;
    }
    const der = Buffer.concat(parts.reverse());
    const before = rig.programs();
    expect(await refusal(tarOf(entries.with(1, ['manifest.p7s', der])))).toEqual(
      both('BUNDLE_SIGNATURE_INVALID'),
    );
    expect(rig.programs()).toBe(before);
  });
});

describe('signers', () => {
  const manifest = () => manifestOf(entries);
  const untrusted = both('BUNDLE_SIGNER_UNTRUSTED');
  const validity = validFor(3650);
  const release = () => authorities.release;

  test.each(['clientAuth', 'serverAuth'] as const)('a leaf of our tree for %s', async (usage) => {
    const leaf = await makeLeaf({ commonName: 'x', usage, validity }, 'rsa-3072', release().intermediate);
    expect(await refusal(resigned(manifest(), { ...release(), leaf }))).toEqual(untrusted);
  });

  test('a leaf signed by a leaf', async () => {
    const leaf = await makeLeaf(
      { commonName: 'x', usage: 'codeSigning', validity },
      'rsa-3072',
      release().leaf,
    );
    const signer = { ...release(), leaf, intermediate: release().leaf };
    expect(await refusal(resigned(manifest(), signer))).toEqual(untrusted);
  });

  test('the whole tree of another signing profile', async () => {
    expect(await refusal(resigned(manifest(), await makeReleaseTree('pumps')))).toEqual(untrusted);
  });

  test('a certificate of the device authority', async () => {
    const leaf = await makeLeaf(
      { commonName: 'device-1', usage: 'clientAuth', validity },
      'rsa-3072',
      authorities.devices,
    );
    // The library that signs cannot read the authority's own certificate, and the device needs none to refuse.
    const signer = { leaf, intermediate: { certificatePem: '', keyPem: '' } };
    expect(await refusal(resigned(manifest(), signer))).toEqual(untrusted);
  });

  test('a chain that has ended, with the clock right, at 1970 and ten years ahead', async () => {
    const ended = { notBefore: new Date(0), notAfter: new Date((TIME_FLOOR - 86_400) * 1000) };
    const subject = { kind: 'rsa-3072', validity: ended } as const;
    const intermediate = await makeAuthority(
      { ...subject, commonName: 'old', pathLength: 0 },
      release().root,
    );
    const leaf = await makeLeaf(
      { commonName: 'x', usage: 'codeSigning', validity: ended },
      'rsa-3072',
      intermediate,
    );
    const bytes = resigned(manifest(), { ...release(), leaf, intermediate });
    const present = rig.runtime.time.now();
    for (const clock of [present, 0, present + TEN_YEARS]) {
      rig.setClock(clock);
      expect(await refusal(bytes), `clock at ${clock}`).toEqual(
        // The command line takes the time that it is given; the agent never gives one before the floor.
        clock === 0 ? { asked: 'none', job: 'BUNDLE_SIGNER_UNTRUSTED' } : untrusted,
      );
    }
  });

  test('a good chain passes with the clock at 1970, and ends with it ten years and more ahead', async () => {
    const path = await put(good.bytes);
    const bundle = { digest: sha256(manifest()), size: good.bytes.length };
    rig.setClock(0);
    expect((await rig.run(path, bundle, good.release))[0]?.kind).toBe('fetched');
    rig.setClock(Math.floor(Date.now() / 1000) + TEN_YEARS + 30 * 86_400);
    expect((await rig.run(path, bundle, good.release))[0]).toMatchObject({
      kind: 'refused',
      code: 'BUNDLE_SIGNER_UNTRUSTED',
    });
  });
});

describe('files', () => {
  const evil: Entry = ['evil.sh', Buffer.from('x')];
  test.each<[string, (files: Entry[]) => Entry[], string]>([
    ['one that is not listed, first', (files) => [evil, ...files], 'BUNDLE_FILE_UNLISTED'],
    ['one that is not listed, in between', (files) => files.toSpliced(3, 0, evil), 'BUNDLE_FILE_UNLISTED'],
    ['one that is not listed, last', (files) => [...files, evil], 'BUNDLE_FILE_UNLISTED'],
    ['one missing', (files) => files.slice(0, 4), 'BUNDLE_FILE_UNLISTED'],
    ['one twice', (files) => files.toSpliced(3, 0, files[2] ?? evil), 'BUNDLE_MALFORMED'],
    ['one twice, at the end', (files) => [...files, files[2] ?? evil], 'BUNDLE_MALFORMED'],
    ['a second manifest', (files) => [...files, files[0] ?? evil], 'BUNDLE_MALFORMED'],
  ])('%s', async (_what, change, code) => {
    const bytes = tarOf(change(entries));
    const { job } = await refusal(bytes, manifestOf(entries));
    expect(job).toBe(code);
  });

  /** The bundle with the last byte of one file changed. */
  const flipped = (name: string): Buffer => {
    const index = entries.findIndex(([known]) => known === name);
    const bytes = Buffer.from(entries[index]?.[1] ?? []);
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
    return tarOf(entries.with(index, [name, bytes]));
  };

  test.each(['uki.efi', 'root.img'])(
    'the last byte of %s flipped is found before it is written',
    async (name) => {
      const bytes = flipped(name);
      const bundle = { digest: sha256(manifestOf(entries)), size: bytes.length };
      await expect(rig.run(await put(bytes), bundle, good.release)).rejects.toMatchObject({
        code: 'BUNDLE_DIGEST_MISMATCH',
      });
      const slot = await rig.slotBytes('b');
      const written = name === 'root.img' ? (CHUNKS - 1) * CHUNK_BYTES : good.root.length;
      expect(slot.subarray(written).every((byte) => byte === 0)).toBe(true);
    },
  );

  test('the bill of materials is for others: a device reads no byte of it', async () => {
    const bytes = flipped('sbom.cdx.json');
    const bundle = { digest: sha256(manifestOf(entries)), size: bytes.length };
    const results = await rig.run(await put(bytes), bundle, good.release);
    expect(results.map(({ kind }) => kind)).toEqual(['fetched', 'written', 'placed']);
  });
});

describe('a file that changes', () => {
  test('swapped for an older bundle between the look at it and the install: refused', async () => {
    const old = await makeRelease(join(ground, 'releases'), authorities, {
      version: '1.5.0',
      counter: 15,
      root: randomRoot(CHUNKS),
    });
    const path = await put(good.bytes);
    const { bundle } = await rig.bundles.inspect(path, rig.device.counter, rig.runtime.time.now());
    // Another file at the same path: the one that is open is still the good one.
    await rm(path);
    await writeFile(path, old.bytes);
    const wanted = rig.jobs(path, bundle, good.release);
    expect((await rig.start().fetch(wanted.fetch, rig.never)).kind).toBe('fetched');
    // After a restart of the agent it is opened again, and is not what was verified.
    await rig.bundles.release();
    const result = await rig.start().fetch(wanted.fetch, rig.never);
    expect(result).toMatchObject({ kind: 'refused', code: 'BUNDLE_DIGEST_MISMATCH' });
  });

  test('written over in place after the look at it: no byte of it reaches the slot', async () => {
    const path = await put(good.bytes);
    const { bundle } = await rig.bundles.inspect(path, rig.device.counter, rig.runtime.time.now());
    const wanted = rig.jobs(path, bundle, good.release);
    const tools = rig.start();
    expect((await tools.fetch(wanted.fetch, rig.never)).kind).toBe('fetched');
    const file = await open(path, 'r+');
    await file.write(
      Buffer.alloc(good.root.length, 0x66),
      0,
      good.root.length,
      good.bytes.indexOf(good.root.subarray(0, 64)),
    );
    await file.close();
    await expect(tools.write(wanted.write, rig.never)).rejects.toMatchObject({
      code: 'BUNDLE_DIGEST_MISMATCH',
    });
    expect((await rig.slotBytes('b')).includes(0x66)).toBe(false);
  });

  test('cut short or gone in the middle: told by its code', async () => {
    const path = await put(good.bytes);
    const { bundle } = await rig.bundles.inspect(path, rig.device.counter, rig.runtime.time.now());
    const wanted = rig.jobs(path, bundle, good.release);
    const tools = rig.start();
    await tools.fetch(wanted.fetch, rig.never);
    await truncate(path, 100_000);
    await expect(tools.write(wanted.write, rig.never)).rejects.toMatchObject({
      code: 'BUNDLE_DIGEST_MISMATCH',
    });
    await rig.bundles.release();
    await rm(path);
    await expect(tools.write(wanted.write, rig.never)).rejects.toMatchObject({ code: 'INSTALL_SOURCE_GONE' });
  });
});

describe('downgrades', () => {
  test('a kept manifest of an older release, put back on the data partition, is judged once more', async () => {
    const old = await makeRelease(join(ground, 'releases'), authorities, {
      version: '0.5.0',
      counter: 5,
      root: randomRoot(CHUNKS),
    });
    const bundle = { digest: sha256(manifestOf(entriesOf(old.bytes))), size: old.bytes.length };
    const path = await put(old.bytes);
    const tools = rig.start();
    const wanted = rig.jobs(path, bundle, old.release);
    expect(await tools.fetch(wanted.fetch, rig.never)).toMatchObject({ code: 'BUNDLE_COUNTER_TOO_LOW' });
    // Its head was kept while it was verified; a write that somebody smuggled into the state goes no further.
    await expect(rig.start().write(wanted.write, rig.never)).rejects.toMatchObject({
      code: 'BUNDLE_COUNTER_TOO_LOW',
    });
  });
});

describe('sizes beyond 32 bits', () => {
  /** Zeros are not written where they are already: what is read and hashed is real, what is stored is not. */
  const sparse = (runtime: Runtime): Runtime => ({
    ...runtime,
    files: {
      ...runtime.files,
      open: async (path, mode) => {
        const file = await runtime.files.open(path, mode);
        const write: OpenFile['write'] = async (offset, bytes) => {
          if (Buffer.compare(bytes, ZEROS.subarray(0, bytes.length)) === 0) return;
          await file.write(offset, bytes);
        };
        return { ...file, write };
      },
    },
  });

  const ZEROS = Buffer.alloc(CHUNK_BYTES);
  // Of all zeros and a seven: { head -c $((SIZE - 1)) /dev/zero; printf '\7'; } | sha256sum
  test.each([
    ['2 GiB and a block', 2 ** 31 + 4096, '995c24551517cd604f65106cfb9d1e84d3a2182bd8cfa44e6de12096103ced2d'],
    ['4 GiB and a block', 2 ** 32 + 4096, '7c6b758c13d2e7895b0f545892c81a9ce89716ddf89bc375565458558ebbe04c'],
  ])('%s: the last byte counts', async (_what, size, sum) => {
    const large = await installRig(join(ground, `large-${size}`), authorities, size + 8192, sparse);
    const zero = sha256(ZEROS);
    const chunks = Array.from({ length: Math.floor(size / CHUNK_BYTES) }, () => zero);
    const last = Buffer.alloc(size % CHUNK_BYTES);
    last.writeUInt8(7, last.length - 1);
    chunks.push(sha256(last));
    const original = JSON.parse(Buffer.from(manifestOf(entries)).toString()) as { files: { name: string }[] }; // eslint-disable-line typescript/no-unsafe-type-assertion -- made by this test
    const root = { name: 'root.img', size, digest: Digest.parse(`sha256:${sum}`), chunks };
    const files = original.files.map((file) => (file.name === 'root.img' ? root : file));
    const manifest = Buffer.from(JSON.stringify({ ...original, files }));
    const head = Buffer.from(resigned(manifest).subarray(0, -1024));
    // Everything before the root, its header with the true size, a hole, its last byte, the SBOM.
    const rootAt = head.indexOf('root.img\0', 0, 'latin1');
    const sbomAt = head.lastIndexOf('sbom.cdx.json\0');
    const header = headerOf('root.img', size);
    const path = join(ground, `large-${size}.tar`);
    const end = rootAt + 512 + Math.ceil(size / 512) * 512;
    const tail = Buffer.concat([head.subarray(sbomAt), Buffer.alloc(1024)]);
    const file = await open(path, 'w');
    await file.write(Buffer.from(head.subarray(0, rootAt)), 0, rootAt, 0);
    await file.write(header, 0, 512, rootAt);
    await file.write(tail, 0, tail.length, end);
    await file.close();
    const bundle = { digest: sha256(manifest), size: end + tail.length };

    // An install that was cut shortly before its end: the holes of the slot are right, only the last chunks are to come.
    const journal = await openJournal(
      large.runtime,
      `${large.config.dataDir}/install/journal.json`,
      { bundle: bundle.digest, slot: 'b', rootHash: good.rootHash },
      chunks.length,
    );
    for (let at = 0; at < chunks.length - 8; at++) journal.add(at, { received: 0, reused: CHUNK_BYTES });
    await journal.save();
    const setLast = async (byte: number): Promise<void> => {
      await large.bundles.release();
      const again = await open(path, 'r+');
      await again.write(Buffer.from([byte]), 0, 1, rootAt + 512 + size - 1);
      await again.close();
    };
    await setLast(6);
    await expect(large.run(path, bundle, good.release)).rejects.toMatchObject({
      code: 'BUNDLE_DIGEST_MISMATCH',
    });
    await setLast(7);
    const results = await large.run(path, bundle, good.release);
    expect(results.map(({ kind }) => kind)).toEqual(['fetched', 'written', 'placed']);
    const slot = await open(large.config.slots.b, 'r');
    expect((await slot.read(Buffer.alloc(2), 0, 2, size - 1)).buffer).toEqual(Buffer.from([7, 0]));
    await slot.close();
    await large.bundles.release();
    await rm(path);
    await rm(join(ground, `large-${size}`), { recursive: true });
  });
});
