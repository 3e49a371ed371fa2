import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { codeOf, DeviceId } from '@slipway/protocol';
import {
  type Identity,
  makeAuthority,
  makeDeviceAuthority,
  makeLeaf,
  makeReleaseTree,
  makeServerAuthority,
  type ReleaseTree,
  signCms,
  validFor,
  verifyCms,
  type VerifyCms,
} from './index.ts';

const content = Buffer.from('{"v":1}\r\n\n\0 and bytes that text modes would change');
let tree: ReleaseTree;
let signature: Uint8Array;
let folder: string;

const sign = (leaf: Identity, ...chain: Identity[]): Uint8Array =>
  signCms(content, {
    leafKeyPem: leaf.keyPem,
    leafCertPem: leaf.certificatePem,
    chainPem: chain.map(({ certificatePem }) => certificatePem).join(''),
  });

const codeFrom = async (input: Partial<VerifyCms>): Promise<string> => {
  try {
    await verifyCms({ content, signature, rootPem: tree.root.certificatePem, ...input });
  } catch (error) {
    return codeOf(error);
  }
  return 'none';
};

const flipped = (bytes: Uint8Array, at: number, mask: number): Buffer => {
  const copy = Buffer.from(bytes);
  copy.writeUInt8(copy.readUInt8(at) ^ mask, at);
  return copy;
};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-signing-'));
  tree = await makeReleaseTree('test');
  signature = sign(tree.leaf, tree.intermediate);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a good signature', () => {
  test('verifies now and on a device whose clock starts at 1970', async () => {
    expect(await codeFrom({})).toBe('none');
    expect(await codeFrom({ at: new Date(0) })).toBe('none');
  });

  test('is the same for the same bytes', () => {
    expect(Buffer.from(sign(tree.leaf, tree.intermediate)).equals(signature)).toBe(true);
  });
});

describe('BUNDLE_SIGNATURE_INVALID', () => {
  test.each([0, 1, 63, 64, 65, 512])('%d bytes', async (length) => {
    expect(await codeFrom({ signature: Buffer.alloc(length) })).toBe('BUNDLE_SIGNATURE_INVALID');
    expect(await codeFrom({ signature: signature.subarray(0, length) })).toBe('BUNDLE_SIGNATURE_INVALID');
  });

  test('content of another length or with a flipped byte', async () => {
    for (const changed of [
      Buffer.alloc(0),
      content.subarray(1),
      Buffer.concat([content, Buffer.from('\n')]),
    ]) {
      expect(await codeFrom({ content: changed })).toBe('BUNDLE_SIGNATURE_INVALID');
    }
    for (let at = 0; at < content.length; at += 7) {
      expect(await codeFrom({ content: flipped(content, at, 1) })).toBe('BUNDLE_SIGNATURE_INVALID');
    }
  });

  test('bytes behind the signature', async () => {
    expect(await codeFrom({ signature: Buffer.concat([signature, Buffer.from([0])]) })).toBe(
      'BUNDLE_SIGNATURE_INVALID',
    );
  });

  test('a signature over other content, and one that brings its content along', async () => {
    writeFileSync(join(folder, 'leaf.pem'), tree.leaf.certificatePem);
    writeFileSync(join(folder, 'leaf.key'), tree.leaf.keyPem, { mode: 0o600 });
    writeFileSync(join(folder, 'content'), content);
    execFileSync(
      'openssl',
      [
        'cms -sign -binary -nodetach -md sha256 -in content -signer leaf.pem -inkey leaf.key -outform DER -out attached',
      ].flatMap((line) => line.split(' ')),
      { cwd: folder },
    );
    expect(await codeFrom({ signature: readFileSync(join(folder, 'attached')) })).toBe(
      'BUNDLE_SIGNATURE_INVALID',
    );
  });

  test('DER nested 10,000 deep, within 100 ms', async () => {
    let nested = Buffer.alloc(0);
    for (let depth = 0; depth < 10_000 && nested.length < 65_000; depth += 1) {
      const length = nested.length;
      const head =
        length < 0x80
          ? [0x30, length]
          : length < 0x100
            ? [0x30, 0x81, length]
            : [0x30, 0x82, length >> 8, length & 255];
      nested = Buffer.concat([Buffer.from(head), nested]);
    }
    const before = process.cpuUsage();
    expect(await codeFrom({ signature: nested })).toBe('BUNDLE_SIGNATURE_INVALID');
    expect(process.cpuUsage(before).user).toBeLessThan(100_000);
  });
});

test('one flipped byte anywhere in the signature is refused', async () => {
  // The envelope, which the signature does not cover, byte by byte; certificates and the rest by sample.
  const envelope = Array.from({ length: 64 }, (_, at) => at);
  const tail = signature.length - 384 - 180;
  for (let at = tail; at < signature.length - 384; at += 1) envelope.push(at);
  for (const at of envelope) {
    for (const mask of [0x01, 0x20, 0x80]) {
      expect(await codeFrom({ signature: flipped(signature, at, mask) }), `byte ${at} ^ ${mask}`).toMatch(
        /^BUNDLE_SIGN/,
      );
    }
  }
  for (let at = 64; at < signature.length; at += 97) {
    expect(await codeFrom({ signature: flipped(signature, at, 0x20) }), `byte ${at}`).toMatch(/^BUNDLE_SIGN/);
  }
});

describe('BUNDLE_SIGNER_UNTRUSTED', () => {
  const validity = validFor(365);

  test('another root', async () => {
    const other = await makeReleaseTree('test');
    expect(await codeFrom({ rootPem: other.root.certificatePem })).toBe('BUNDLE_SIGNER_UNTRUSTED');
  });

  test('an intermediate in place of the root: no partial chains', async () => {
    expect(await codeFrom({ rootPem: tree.intermediate.certificatePem })).toBe('BUNDLE_SIGNER_UNTRUSTED');
  });

  test('a leaf without its intermediate', async () => {
    expect(await codeFrom({ signature: sign(tree.leaf) })).toBe('BUNDLE_SIGNER_UNTRUSTED');
  });

  test.each(['clientAuth', 'serverAuth'] as const)('a leaf of our own tree for %s', async (usage) => {
    const leaf = await makeLeaf({ commonName: 'x', usage, validity }, 'rsa-3072', tree.intermediate);
    expect(await codeFrom({ signature: sign(leaf, tree.intermediate) })).toBe('BUNDLE_SIGNER_UNTRUSTED');
  });

  test('a leaf signed by a leaf', async () => {
    const leaf = await makeLeaf({ commonName: 'x', usage: 'codeSigning', validity }, 'rsa-3072', tree.leaf);
    expect(await codeFrom({ signature: sign(leaf, tree.leaf, tree.intermediate) })).toBe(
      'BUNDLE_SIGNER_UNTRUSTED',
    );
  });

  test('an authority as signer', async () => {
    expect(await codeFrom({ signature: sign(tree.intermediate) })).toBe('BUNDLE_SIGNER_UNTRUSTED');
  });

  test('an authority below the intermediate, which may have none', async () => {
    const deeper = await makeAuthority(
      { commonName: 'deeper', kind: 'rsa-3072', pathLength: 0, validity },
      tree.intermediate,
    );
    const leaf = await makeLeaf({ commonName: 'x', usage: 'codeSigning', validity }, 'rsa-3072', deeper);
    expect(await codeFrom({ signature: sign(leaf, deeper, tree.intermediate) })).toBe(
      'BUNDLE_SIGNER_UNTRUSTED',
    );
  });

  test('certificates of the device tree and the server tree, even where their root is asked for', async () => {
    for (const make of [makeDeviceAuthority, makeServerAuthority]) {
      const ca = await make('test');
      // RSA, as node-forge signs with no other; the authority is the real one.
      const leaf = await makeLeaf({ commonName: 'device-a', usage: 'clientAuth', validity }, 'rsa-3072', ca);
      // node-forge cannot parse the issuer's P-256 key, and need not.
      const bytes = sign(leaf);
      expect(await codeFrom({ signature: bytes })).toBe('BUNDLE_SIGNER_UNTRUSTED');
      expect(await codeFrom({ signature: bytes, rootPem: ca.certificatePem })).toBe(
        'BUNDLE_SIGNER_UNTRUSTED',
      );
    }
  });

  test('a P-256 device certificate that signs by openssl', async () => {
    const ca = await makeDeviceAuthority('test');
    const device = await makeLeaf(
      { commonName: DeviceId.parse('device-a'), usage: 'clientAuth', validity },
      'p-256',
      ca,
    );
    writeFileSync(join(folder, 'device.pem'), device.certificatePem);
    writeFileSync(join(folder, 'device.key'), device.keyPem, { mode: 0o600 });
    writeFileSync(join(folder, 'content'), content);
    execFileSync(
      'openssl',
      'cms -sign -binary -md sha256 -in content -signer device.pem -inkey device.key -outform DER -out by-device'.split(
        ' ',
      ),
      { cwd: folder },
    );
    const bytes = readFileSync(join(folder, 'by-device'));
    // Not even of the form that is looked at.
    expect(await codeFrom({ signature: bytes, rootPem: ca.certificatePem })).toBe('BUNDLE_SIGNATURE_INVALID');
  });

  const chainOf = async (notBefore: Date, notAfter: Date): Promise<ReleaseTree> => {
    const times = { notBefore, notAfter };
    const root = await makeAuthority({ commonName: 'r', kind: 'rsa-3072', pathLength: 1, validity: times });
    const intermediate = await makeAuthority(
      { commonName: 'i', kind: 'rsa-3072', pathLength: 0, validity: times },
      root,
    );
    const leaf = await makeLeaf(
      { commonName: 'l', usage: 'codeSigning', validity: times },
      'rsa-3072',
      intermediate,
    );
    return { root, intermediate, leaf };
  };

  test('an expired chain, with a clock ten years on, and one not yet valid, with a clock at 1970', async () => {
    const expired = await chainOf(new Date('2024-01-01'), new Date('2025-01-01'));
    const bytes = sign(expired.leaf, expired.intermediate);
    const rootPem = expired.root.certificatePem;
    const from = (at: string) => codeFrom({ signature: bytes, rootPem, at: new Date(at) });
    expect(await from('2024-06-01')).toBe('none');
    expect(await from('2034-06-01')).toBe('BUNDLE_SIGNER_UNTRUSTED');
    expect(await from('1970-01-01')).toBe('BUNDLE_SIGNER_UNTRUSTED');
    expect(await codeFrom({ signature: bytes, rootPem })).toBe('BUNDLE_SIGNER_UNTRUSTED');
  });
});
