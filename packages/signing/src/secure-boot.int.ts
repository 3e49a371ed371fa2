import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { enrolmentFiles, makeSecureBootTree, type SecureBootTree, SIGNATURE_OWNER, signPe } from './index.ts';

const run = promisify(execFile);

let folder: string;
let tree: SecureBootTree;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-secure-boot-'));
  tree = await makeSecureBootTree('test');
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const HEADER_BYTES = 512;

/** A 64-bit EFI program of one section, all that a signature covers. */
const efiProgram = (content: string): Buffer => {
  const image = Buffer.alloc(HEADER_BYTES + 512);
  image.write('MZ');
  image.writeUInt32LE(0x80, 0x3c);
  image.write('PE\0\0', 0x80);
  image.writeUInt16LE(0x8664, 0x84);
  image.writeUInt16LE(1, 0x86);
  image.writeUInt16LE(0xf0, 0x94);
  image.writeUInt16LE(0x22, 0x96);
  const optional = 0x98;
  image.writeUInt16LE(0x20b, optional);
  image.writeUInt32LE(512, optional + 32);
  image.writeUInt32LE(512, optional + 36);
  image.writeUInt32LE(1024, optional + 56);
  image.writeUInt32LE(HEADER_BYTES, optional + 60);
  image.writeUInt32LE(0x1234, optional + 64);
  image.writeUInt16LE(10, optional + 68);
  image.writeUInt32LE(16, optional + 108);
  const section = optional + 0xf0;
  image.write('.text', section);
  image.writeUInt32LE(512, section + 8);
  image.writeUInt32LE(512, section + 12);
  image.writeUInt32LE(512, section + 16);
  image.writeUInt32LE(HEADER_BYTES, section + 20);
  image.write(content, HEADER_BYTES);
  return image;
};

const sbverify = async (image: Uint8Array, certificatePem: string): Promise<boolean> => {
  await writeFile(join(folder, 'image.efi'), image);
  await writeFile(join(folder, 'cert.pem'), certificatePem);
  try {
    await run('sbverify', ['--cert', join(folder, 'cert.pem'), join(folder, 'image.efi')]);
    return true;
  } catch {
    return false;
  }
};

describe('signPe', () => {
  test('sbverify accepts it for the db key and no other', async () => {
    const signed = signPe(efiProgram('text'), tree.db);
    expect(await sbverify(signed, tree.db.certificatePem)).toBe(true);
    expect(await sbverify(signed, tree.kek.certificatePem)).toBe(false);
  });

  test.each([HEADER_BYTES, 0x88, 1000])('a byte changed at %i is noticed', async (at) => {
    const signed = signPe(efiProgram('text'), tree.db);
    signed[at] = (signed[at] ?? 0) ^ 1;
    expect(await sbverify(signed, tree.db.certificatePem)).toBe(false);
  });

  test('an image whose length is odd is padded; the same input gives the same bytes', async () => {
    const odd = Buffer.concat([efiProgram('text'), Buffer.from('tail.')]);
    const signed = signPe(odd, tree.db);
    expect(await sbverify(signed, tree.db.certificatePem)).toBe(true);
    expect(signPe(odd, tree.db).equals(signed)).toBe(true);
  });

  test.each([
    ['no PE image', Buffer.from('MZ and nothing else')],
    ['an empty file', Buffer.alloc(0)],
    ['sections that end after the file', efiProgram('text').subarray(0, 700)],
  ])('%s: SIGN_POLICY_REFUSED', (_, image) => {
    expect(() => signPe(image, tree.db)).toThrow(expect.objectContaining({ code: 'SIGN_POLICY_REFUSED' }));
  });

  test('an image that is signed already: SIGN_POLICY_REFUSED', () => {
    const signed = signPe(efiProgram('text'), tree.db);
    expect(() => signPe(signed, tree.db)).toThrow(expect.objectContaining({ code: 'SIGN_POLICY_REFUSED' }));
  });

  test('bytes between header and section: SIGN_POLICY_REFUSED', () => {
    const image = efiProgram('text');
    image.writeUInt32LE(HEADER_BYTES - 64, 0x98 + 60);
    expect(() => signPe(image, tree.db)).toThrow(expect.objectContaining({ code: 'SIGN_POLICY_REFUSED' }));
  });
});

describe('enrolmentFiles', () => {
  test('a signature list holds the certificate, the owner in front of it', async () => {
    const files = enrolmentFiles(tree);
    for (const name of ['PK', 'KEK', 'db'])
      await writeFile(join(folder, `${name}.pem`), files[`${name}.pem`] ?? '');
    const { stdout } = await run('openssl', ['x509', '-in', join(folder, 'db.pem'), '-outform', 'DER'], {
      encoding: 'buffer',
    });
    const list = Buffer.from(files['db.esl'] ?? []);
    expect(list.subarray(44).equals(stdout)).toBe(true);
    expect(list.readUInt32LE(16)).toBe(list.length);
    expect(list.toString('hex', 28, 32)).toBe('1e9c3a6f');
    expect(SIGNATURE_OWNER.startsWith('6f3a9c1e')).toBe(true);
  });

  test('openssl accepts the signature of an update by the key above it, over the bytes firmware takes', async () => {
    const update = Buffer.from(enrolmentFiles(tree, new Date('2026-01-02T03:04:05Z'))['db.auth'] ?? []);
    expect(update.toString('hex', 0, 16)).toBe('ea070102030405000000000000000000');
    const value = update.subarray(16 + update.readUInt32LE(16));
    expect(value.equals(Buffer.from(enrolmentFiles(tree)['db.esl'] ?? []))).toBe(true);
    const vendor = Buffer.from('cbb219d73a3d9645a3bcdad00e67656f', 'hex');
    const signed = [
      Buffer.from('db', 'utf16le'),
      vendor,
      Buffer.from([0x27, 0, 0, 0]),
      update.subarray(0, 16),
      value,
    ];
    await writeFile(join(folder, 'signed'), Buffer.concat(signed));
    // Firmware takes a bare SignedData; openssl wants the ContentInfo around it.
    const bare = update.subarray(40, 16 + update.readUInt32LE(16));
    const inner = Buffer.concat([Buffer.from([0xa0, 0x82, bare.length >> 8, bare.length & 0xff]), bare]);
    const type = Buffer.from('06092a864886f70d010702', 'hex');
    const length = type.length + inner.length;
    const head = Buffer.from([0x30, 0x82, length >> 8, length & 0xff]);
    await writeFile(join(folder, 'signature.der'), Buffer.concat([head, type, inner]));
    await writeFile(join(folder, 'kek.pem'), tree.kek.certificatePem);
    const args = ['cms', '-verify', '-binary', '-inform', 'DER', '-in', join(folder, 'signature.der')]
      .concat(['-content', join(folder, 'signed'), '-out', '/dev/null', '-purpose', 'any'])
      .concat(['-CAfile', join(folder, 'kek.pem')]);
    await expect(run('openssl', args)).resolves.toBeDefined();
    await writeFile(join(folder, 'signed'), Buffer.concat([...signed, Buffer.from('x')]));
    await expect(run('openssl', args)).rejects.toThrow(/verif/i);
  });
});
