import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pack } from 'tar-stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  BUNDLE_ORDER,
  CHUNK_BYTES,
  codeOf,
  Manifest,
  MAX_MANIFEST_BYTES,
  MAX_SIGNATURE_BYTES,
} from '@slipway/protocol';
import { X509Certificate } from 'node:crypto';
import {
  certificatesOfSignature,
  keySha256Of,
  makeReleaseTree,
  type ReleaseTree,
  signCms,
} from '@slipway/signing';
import {
  digestFile,
  digestOf,
  type FileDigest,
  readSignature,
  signBundle,
  verifyBundle,
  verifyClaims,
  writeBundle,
} from './index.ts';

let folder: string;
let tree: ReleaseTree;
let good: string;
let files: { 'uki.efi': string; 'root.img': string; 'sbom.cdx.json': string };
let manifest: Manifest;

const path = (name: string) => join(folder, name);
const encode = (value: unknown) => Buffer.from(JSON.stringify(value));
const sign = (bytes: Uint8Array, signer: ReleaseTree = tree) =>
  signCms(bytes, {
    leafKeyPem: signer.leaf.keyPem,
    leafCertPem: signer.leaf.certificatePem,
    chainPem: signer.intermediate.certificatePem,
  });

const codeFrom = async (
  file: string,
  options: Partial<Parameters<typeof verifyBundle>[1]> = {},
): Promise<string> => {
  try {
    await verifyBundle(file, { releaseRootPem: tree.root.certificatePem, ...options });
  } catch (error) {
    return codeOf(error);
  }
  return 'none';
};

const firstOf = async (stream: AsyncIterable<unknown>): Promise<Uint8Array> => {
  for await (const block of stream) if (block instanceof Uint8Array) return block;
  throw new TypeError('an empty stream');
};

/** A tar of the given entries, whatever they are. */
const tarOf = async (name: string, entries: readonly (readonly [string, Uint8Array])[]): Promise<string> => {
  const tar = pack();
  for (const [entry, bytes] of entries) {
    tar.entry({ name: entry, mode: 0o644, uid: 0, gid: 0, mtime: new Date(0) }, Buffer.from(bytes));
  }
  tar.finalize();
  writeFileSync(path(name), await buffer(tar));
  return path(name);
};

const goodEntries = (): [string, Uint8Array][] => {
  const bytes = encode(manifest);
  return [
    ['manifest.json', bytes],
    ['manifest.p7s', sign(bytes)],
    ['uki.efi', readFileSync(files['uki.efi'])],
    ['root.img', readFileSync(files['root.img'])],
    ['sbom.cdx.json', readFileSync(files['sbom.cdx.json'])],
  ];
};

const withManifest = async (name: string, changed: unknown): Promise<string> => {
  const bytes = encode(changed);
  const entries = goodEntries();
  return tarOf(name, [['manifest.json', bytes], ['manifest.p7s', sign(bytes)], ...entries.slice(2)]);
};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-bundle-'));
  tree = await makeReleaseTree('test');
  files = { 'uki.efi': path('uki'), 'root.img': path('root'), 'sbom.cdx.json': path('sbom') };
  writeFileSync(files['uki.efi'], Buffer.alloc(700_001, 'kernel'));
  writeFileSync(files['root.img'], Buffer.alloc(CHUNK_BYTES + 4096, 'root'));
  writeFileSync(files['sbom.cdx.json'], '{}');
  const digests: FileDigest[] = await Promise.all(Object.values(files).map((file) => digestFile(file)));
  manifest = Manifest.parse({
    v: 1,
    format: 'slipway-bundle',
    release: 'rel_0123456789abcdef',
    version: '1.0.0',
    counter: 7,
    deviceClass: 'edge-x86',
    arch: 'amd64',
    build: 'bld_0123456789abcdef',
    timeFloor: 0,
    rootHash: '0'.repeat(64),
    verityDataBlocks: 64,
    minimumAgent: '0.1.0',
    provenance: digestOf(new Uint8Array()),
    files: (['uki.efi', 'root.img', 'sbom.cdx.json'] as const).map((name, at) => ({ name, ...digests[at] })),
  });
  const bytes = encode(manifest);
  good = path('good.tar');
  await writeBundle({ manifest: bytes, signature: sign(bytes), files, out: good });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('writeBundle', () => {
  test('writes what verifyBundle takes, and tells its digest and size', async () => {
    const bytes = encode(manifest);
    const written = await writeBundle({
      manifest: bytes,
      signature: sign(bytes),
      files,
      out: path('again.tar'),
    });
    const verified = await verifyBundle(path('again.tar'), {
      releaseRootPem: tree.root.certificatePem,
      deviceClass: 'edge-x86',
      arch: 'amd64',
      aboveCounter: 6,
    });
    expect(verified).toMatchObject(written);
    expect(verified.manifest).toEqual(manifest);
    expect(written).toMatchObject({ digest: digestOf(readFileSync(path('again.tar'))) });
  });

  test('tells who signed: the signer first, then the intermediate', async () => {
    const found = certificatesOfSignature(await readSignature(good));
    expect(found.map(({ certificatePem }) => certificatePem)).toEqual([
      tree.leaf.certificatePem,
      tree.intermediate.certificatePem,
    ]);
    const leaf = new X509Certificate(tree.leaf.certificatePem);
    expect(found[0]).toMatchObject({
      keySha256: keySha256Of(leaf.publicKey),
      subject: 'CN=test release signing',
      serial: leaf.serialNumber.toLowerCase(),
      notBefore: new Date(0),
      notAfter: leaf.validToDate,
    });
    await expect(readSignature(files['root.img'])).rejects.toMatchObject({ code: 'BUNDLE_MALFORMED' });
  });

  test('what it claims is verified without its files', async () => {
    const options = { releaseRootPem: tree.root.certificatePem };
    writeFileSync(path('head.tar'), readFileSync(good).subarray(0, 32 * 1024));
    expect(await verifyClaims(path('head.tar'), options)).toEqual(manifest);
    await expect(verifyBundle(path('head.tar'), options)).rejects.toMatchObject({
      code: 'BUNDLE_DIGEST_MISMATCH',
    });
  });

  test('the same inputs give the same bytes', () => {
    expect(readFileSync(path('again.tar')).equals(readFileSync(good))).toBe(true);
  });

  test('GNU tar reads it, in the order of the format', () => {
    const listed = execFileSync('tar', ['-tf', good], { encoding: 'utf8' }).trim().split('\n');
    expect(listed).toEqual([...BUNDLE_ORDER]);
  });

  test('a file that changed since it was listed is refused and leaves nothing behind', async () => {
    writeFileSync(path('other'), Buffer.alloc(700_001, 'evil'));
    const bytes = encode(manifest);
    const before = readdirSync(folder);
    await expect(
      writeBundle({
        manifest: bytes,
        signature: sign(bytes),
        files: { ...files, 'uki.efi': path('other') },
        out: path('never.tar'),
      }),
    ).rejects.toMatchObject({ code: 'BUNDLE_DIGEST_MISMATCH' });
    expect(readdirSync(folder)).toEqual(before);
  });

  test('openssl alone accepts the signature, as the README says', () => {
    execFileSync('tar', ['-xf', good, '-C', folder, 'manifest.json', 'manifest.p7s']);
    writeFileSync(path('root.pem'), tree.root.certificatePem);
    const said = execFileSync(
      'sh',
      [
        '-c',
        'openssl cms -verify -binary -purpose codesign -inform DER -in manifest.p7s -content manifest.json ' +
          '-CAfile root.pem -no-CApath -no-CAstore -out /dev/null 2>&1',
      ],
      { cwd: folder, encoding: 'utf8' },
    );
    expect(said).toMatch(/successful/i);
  });
});

describe('verifyBundle refuses', () => {
  test.each([
    ['another class', { deviceClass: 'edge-arm64' }, 'BUNDLE_CLASS_MISMATCH'],
    ['another architecture', { arch: 'arm64' as const }, 'BUNDLE_CLASS_MISMATCH'],
    ['the counter it has', { aboveCounter: 7 }, 'BUNDLE_COUNTER_TOO_LOW'],
    ['a lower counter', { aboveCounter: 8 }, 'BUNDLE_COUNTER_TOO_LOW'],
    ['a chain that has expired', { at: new Date('2099-01-01') }, 'BUNDLE_SIGNER_UNTRUSTED'],
  ])('%s', async (_what, options, code) => {
    expect(await codeFrom(good, options)).toBe(code);
  });

  test('a signer of another tree', async () => {
    const other = await makeReleaseTree('other');
    expect(await codeFrom(good, { releaseRootPem: other.root.certificatePem })).toBe(
      'BUNDLE_SIGNER_UNTRUSTED',
    );
  });

  test('a flipped byte anywhere', async () => {
    const size = statSync(good).size;
    const rootAt = 512 * 6;
    const spots = [
      0,
      100,
      130,
      512,
      700,
      1500,
      size - 1,
      size - 1025,
      size - 1024,
      rootAt,
      Math.floor(size / 2),
    ];
    for (const at of spots) {
      copyFileSync(good, path('flipped.tar'));
      await using file = await open(path('flipped.tar'), 'r+');
      const { buffer } = await file.read(Buffer.alloc(1), 0, 1, at);
      await file.write(Buffer.from([buffer.readUInt8(0) ^ 0x40]), 0, 1, at);
      expect(await codeFrom(path('flipped.tar')), `byte ${at}`).toMatch(/^BUNDLE_/);
    }
  });

  test('any flipped byte of the manifest', async () => {
    const [first, second] = goodEntries();
    const bytes = Buffer.from(first?.[1] ?? []);
    for (let at = 0; at < bytes.length; at += 149) {
      const flipped = Buffer.from(bytes);
      flipped.writeUInt8(flipped.readUInt8(at) ^ 1, at);
      const file = await tarOf('manifest.tar', [
        ['manifest.json', flipped],
        ['manifest.p7s', second?.[1] ?? bytes],
      ]);
      expect(await codeFrom(file), `byte ${at}`).toBe('BUNDLE_SIGNATURE_INVALID');
    }
  });

  test('every cut', async () => {
    const size = statSync(good).size;
    for (const length of [0, 1, 511, 512, 1024, 4096, size - 1025, size - 1024, size - 512, size - 1]) {
      copyFileSync(good, path('cut.tar'));
      truncateSync(path('cut.tar'), length);
      expect(await codeFrom(path('cut.tar')), `${length} bytes`).toBe('BUNDLE_MALFORMED');
    }
    truncateSync(path('cut.tar'), size + 1);
    expect(await codeFrom(path('cut.tar'))).toBe('BUNDLE_MALFORMED');
  });

  const evil: [string, Uint8Array] = ['evil.sh', Buffer.from('x')];
  test.each<[string, (entries: [string, Uint8Array][]) => [string, Uint8Array][], string]>([
    ['an unlisted file first', (entries) => [evil, ...entries], 'BUNDLE_FILE_UNLISTED'],
    ['an unlisted file last', (entries) => [...entries, evil], 'BUNDLE_FILE_UNLISTED'],
    ['an unlisted file between', (entries) => entries.toSpliced(3, 0, evil), 'BUNDLE_FILE_UNLISTED'],
    ['a file less', (entries) => entries.slice(0, 4), 'BUNDLE_FILE_UNLISTED'],
    ['no files', (entries) => entries.slice(0, 2), 'BUNDLE_FILE_UNLISTED'],
    ['a file twice in a row', (entries) => entries.toSpliced(3, 0, entries[2] ?? evil), 'BUNDLE_MALFORMED'],
    ['a file twice at the end', (entries) => [...entries, entries[2] ?? evil], 'BUNDLE_MALFORMED'],
    ['a second manifest', (entries) => [...entries, entries[0] ?? evil], 'BUNDLE_MALFORMED'],
    [
      'another order',
      ([a, b, c, d, e]) => [a, b, d, c, e].flatMap((x) => (x ? [x] : [])),
      'BUNDLE_MALFORMED',
    ],
    ['no signature', (entries) => entries.toSpliced(1, 1), 'BUNDLE_MALFORMED'],
  ])('%s', async (_what, change, code) => {
    expect(await codeFrom(await tarOf('changed.tar', change(goodEntries())))).toBe(code);
  });

  test('a manifest or signature beyond its limit, unread', async () => {
    const [first, second, ...rest] = goodEntries();
    const large: [string, Uint8Array] = ['manifest.json', Buffer.alloc(MAX_MANIFEST_BYTES + 1)];
    expect(await codeFrom(await tarOf('large.tar', [large, second ?? large, ...rest]))).toBe(
      'BUNDLE_MALFORMED',
    );
    const long: [string, Uint8Array] = ['manifest.p7s', Buffer.alloc(MAX_SIGNATURE_BYTES + 1)];
    expect(await codeFrom(await tarOf('long.tar', [first ?? long, long, ...rest]))).toBe('BUNDLE_MALFORMED');
  });

  test('a signed manifest of another form', async () => {
    expect(await codeFrom(await withManifest('form.tar', { ...manifest, extra: 1 }))).toBe(
      'BUNDLE_MANIFEST_INVALID',
    );
  });

  test('an unsigned manifest is never parsed', async () => {
    const file = await tarOf('unsigned.tar', [
      ['manifest.json', Buffer.from('{')],
      ['manifest.p7s', Buffer.alloc(63)],
    ]);
    expect(await codeFrom(file)).toBe('BUNDLE_SIGNATURE_INVALID');
  });

  test('a size in the header that the manifest does not list', async () => {
    const entries = goodEntries();
    const longer: [string, Uint8Array] = ['uki.efi', Buffer.alloc(700_002)];
    expect(await codeFrom(await tarOf('size.tar', entries.toSpliced(2, 1, longer)))).toBe(
      'BUNDLE_DIGEST_MISMATCH',
    );
  });

  test('the last byte of a root beyond 4 GiB flipped', async () => {
    const size = 2 ** 32 + 4096;
    // Zeros, stored as a hole: what is hashed is real, what is stored is not.
    const zero = digestOf(Buffer.alloc(CHUNK_BYTES));
    const whole = Math.floor(size / CHUNK_BYTES);
    const chunks = [...Array.from({ length: whole }, () => zero), digestOf(Buffer.alloc(size % CHUNK_BYTES))];
    const [uki, , sbom] = manifest.files;
    // The digest of the whole is never reached.
    const root = { name: 'root.img', size, digest: zero, chunks };
    const large = { ...manifest, verityDataBlocks: 1, files: [uki, root, sbom] };
    const file = await withManifest('huge.tar', large);
    // Everything before the root, then its header with the size it has, then the hole.
    const tar = pack();
    const entry = tar.entry({ name: 'root.img', size, mode: 0o644, uid: 0, gid: 0, mtime: new Date(0) });
    entry.on('error', () => undefined);
    const header = await firstOf(tar);
    const bytes = readFileSync(file);
    const at = bytes.indexOf('root.img\0', 0, 'latin1');
    writeFileSync(path('huge.tar'), Buffer.concat([bytes.subarray(0, at), header]));
    truncateSync(path('huge.tar'), at + 512 + size - 1);
    writeFileSync(path('huge.tar'), Buffer.from([1]), { flag: 'a' });
    expect(await codeFrom(path('huge.tar'))).toBe('BUNDLE_DIGEST_MISMATCH');
    rmSync(path('huge.tar'));
  });
});

test('a build of this machine is signed: what the bundle claims is what was built, and the same again', async () => {
  const build = mkdtempSync(join(folder, 'build-'));
  for (const name of ['uki.efi', 'root.img', 'sbom.cdx.json'] as const)
    copyFileSync(files[name], join(build, name));
  const { release, version, counter, deviceClass, arch, timeFloor, rootHash, verityDataBlocks } = manifest;
  const claims = { release, version, counter, deviceClass, arch, timeFloor, rootHash, verityDataBlocks };
  const result = { v: 1, build: manifest.build, ...claims, request: manifest.provenance };
  const declaration = JSON.stringify({ ...result, artifacts: [], components: [] });
  writeFileSync(join(build, 'result.json'), declaration);
  const signer = {
    leafKeyPem: tree.leaf.keyPem,
    leafCertPem: tree.leaf.certificatePem,
    chainPem: tree.intermediate.certificatePem,
  };
  const { digest } = await signBundle(build, signer, join(build, 'a.tar'));
  const verified = await verifyBundle(join(build, 'a.tar'), { releaseRootPem: tree.root.certificatePem });
  expect(verified.manifest).toMatchObject({
    ...claims,
    build: manifest.build,
    provenance: digestOf(Buffer.from(declaration)),
  });
  expect((await signBundle(build, signer, join(build, 'b.tar'))).digest).toBe(digest);
});
