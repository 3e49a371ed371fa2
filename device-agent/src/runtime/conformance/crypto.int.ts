import { execFileSync } from 'node:child_process';
import { createPublicKey, verify } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AGENT_RUNTIMES, DeviceId } from '@slipway/protocol';
import {
  makeAuthority,
  makeLeaf,
  signCms,
  signDeviceCsr,
  validFor,
  verifyCmsShape,
  type Identity,
} from '@slipway/signing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeAuthorities, type Authorities } from '../../fixture/authorities.ts';
import type { SignerVerdict } from '../port.ts';
import { startSubject, type Subject } from './subjects.ts';

const CONTENT = Buffer.from('{"a":"manifest"}');
const DAY_S = 86_400;
const NOW = Math.floor(Date.now() / 1000);

/** The fixture is made once: a key of RSA-3072 takes a second. */
let ground: string;
let authorities: Authorities;
let good: Uint8Array;
beforeAll(async () => {
  ground = await mkdtemp(join(tmpdir(), 'slipway-crypto-'));
  authorities = await makeAuthorities();
  good = signedBy(authorities.release);
});
afterAll(async () => {
  await rm(ground, { recursive: true, force: true });
});

type Signer = { readonly leaf: Identity; readonly intermediate: Identity };
const signedBy = ({ leaf, intermediate }: Signer): Uint8Array =>
  signCms(CONTENT, {
    leafKeyPem: leaf.keyPem,
    leafCertPem: leaf.certificatePem,
    chainPem: intermediate.certificatePem,
  });

describe.each(AGENT_RUNTIMES)('crypto on %s', (runtime) => {
  let subject: Subject;
  beforeAll(async () => {
    subject = await startSubject(runtime, ground);
  });
  afterAll(async () => {
    await subject.stop();
  });
  const put = async (name: string, bytes: string | Uint8Array): Promise<string> => {
    const path = join(ground, `${runtime}-${name}`);
    await writeFile(path, bytes);
    return path;
  };

  describe('keys of the device', () => {
    test('a request for a certificate holds the key and the name, and is signed by it', async () => {
      const key = await subject.calls.newKey();
      const request = await subject.calls.newRequest(await put('key.pem', key), 'slipway-device');
      const path = await put('request.pem', request);
      const said = execFileSync('openssl', ['req', '-in', path, '-noout', '-verify', '-subject', '-pubkey'], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      expect(said).toContain('CN=slipway-device\n');
      expect(said).toContain(await subject.calls.publicKey(key));
    });

    test('a signature is good for the text and for no other', async () => {
      const key = await subject.calls.newKey();
      const text = 'renew, ünd more';
      const signature = Buffer.from(await subject.calls.sign(await put('key.pem', key), text), 'base64');
      const of = createPublicKey(key);
      expect(verify('sha256', Buffer.from(text), of, signature)).toBe(true);
      expect(verify('sha256', Buffer.from('another'), of, signature)).toBe(false);
    });

    test('keys of other tools are read: EC as openssl writes it, and RSA', async () => {
      for (const options of [
        ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'],
        ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'],
      ]) {
        const key = execFileSync('openssl', ['genpkey', ...options], {
          encoding: 'utf8',
          stdio: ['ignore', 'pipe', 'ignore'],
        });
        const signature = Buffer.from(await subject.calls.sign(await put('key.pem', key), 'x'), 'base64');
        expect(verify('sha256', Buffer.from('x'), createPublicKey(key), signature)).toBe(true);
      }
    });

    test.each(['', 'nonsense', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n'])(
      'what is no key is refused: %j',
      async (text) => {
        await expect(subject.calls.publicKey(text)).rejects.toThrow(/./);
        await expect(subject.calls.sign(await put('key.pem', text), 'x')).rejects.toThrow(/./);
        await expect(subject.calls.newRequest(await put('key.pem', text), 'x')).rejects.toThrow(/./);
      },
    );
  });

  describe('certificates of the device', () => {
    test('name, end and key', async () => {
      const key = await subject.calls.newKey();
      const csrPem = await subject.calls.newRequest(await put('key.pem', key), 'x');
      const deviceId = DeviceId.parse('device-1');
      const { certificatePem } = await signDeviceCsr({ csrPem, deviceId, ca: authorities.devices });
      const said = execFileSync('openssl', ['x509', '-noout', '-enddate', '-dateopt', 'iso_8601'], {
        input: certificatePem,
        encoding: 'utf8',
      });
      const end = /^notAfter=(.+)$/m.exec(said)?.[1] ?? '';
      expect(await subject.calls.certificate(certificatePem)).toEqual({
        commonName: 'device-1',
        endsAt: Date.parse(end.replace(' ', 'T')) / 1000,
        publicKey: await subject.calls.publicKey(key),
      });
    });

    test.each(['/CN=a/O=b', '/O=b', '/CN=a/CN=b', '/CN=a b'])(
      'another subject is refused: %s',
      async (named) => {
        const [key, certificate] = [join(ground, `${runtime}-o.key`), join(ground, `${runtime}-o.pem`)];
        const words = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '9', '-subj', named];
        execFileSync('openssl', [...words, '-keyout', key, '-out', certificate], { stdio: 'ignore' });
        await expect(subject.calls.certificate(await readFile(certificate, 'utf8'))).rejects.toThrow(/./);
      },
    );

    test.each(['', 'nonsense', '-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n'])(
      'what is no certificate is refused: %j',
      async (text) => {
        await expect(subject.calls.certificate(text)).rejects.toThrow(/./);
      },
    );
  });

  describe('the signer of a release', () => {
    const verdict = async (
      signature: Uint8Array,
      at = NOW,
      root = authorities.release.root.certificatePem,
    ): Promise<SignerVerdict['kind']> => {
      const message = {
        // A Buffer would make JSON of itself on its way to QuickJS.
        signature: Uint8Array.from(signature),
        shape: verifyCmsShape(signature),
        signaturePath: await put('manifest.p7s', signature),
        contentPath: await put('manifest.json', CONTENT),
      };
      return (await subject.calls.verifySigner(message, await put('root.pem', root), at)).kind;
    };

    test('below our root', async () => {
      expect(await verdict(good)).toBe('good');
    });

    test('below another root', async () => {
      const other = await makeAuthority({
        commonName: 'test release root',
        kind: 'rsa-3072',
        pathLength: 1,
        validity: validFor(10),
      });
      expect(await verdict(good, NOW, other.certificatePem)).toBe('signer-untrusted');
    });

    test('below either root of a file of two, as in a rotation', async () => {
      const other = await makeAuthority({
        commonName: 'next release root',
        kind: 'rsa-3072',
        pathLength: 1,
        validity: validFor(10),
      });
      const ours = authorities.release.root.certificatePem;
      const next = other.certificatePem;
      expect(await verdict(good, NOW, `${ours}${next}`)).toBe('good');
      expect(await verdict(good, NOW, `${next}${ours}`)).toBe('good');
      expect(await verdict(good, NOW, next)).toBe('signer-untrusted');
    });

    test('when it was valid, not before and not after', async () => {
      const start = NOW + 100 * DAY_S;
      const end = NOW + 200 * DAY_S;
      const leaf = await makeLeaf(
        {
          commonName: 'x',
          usage: 'codeSigning',
          validity: { notBefore: new Date(start * 1000), notAfter: new Date(end * 1000) },
        },
        'rsa-3072',
        authorities.release.intermediate,
      );
      const signature = signedBy({ ...authorities.release, leaf });
      const at = async (seconds: number) => verdict(signature, seconds);
      expect([await at(start - 2), await at(start + 1), await at(end - 1), await at(end + 2)]).toEqual([
        'signer-untrusted',
        'good',
        'good',
        'signer-untrusted',
      ]);
    });

    test.each(['clientAuth', 'serverAuth'] as const)('a certificate of our tree for %s', async (usage) => {
      const { intermediate } = authorities.release;
      const leaf = await makeLeaf(
        { commonName: 'x', usage, validity: validFor(9) },
        'rsa-3072',
        intermediate,
      );
      expect(await verdict(signedBy({ leaf, intermediate }))).toBe('signer-untrusted');
    });

    test.each([
      ['no key usage', 'extendedKeyUsage=codeSigning'],
      ['no extended key usage', 'keyUsage=critical,digitalSignature'],
      [
        'all extended key usages',
        'keyUsage=critical,digitalSignature\nextendedKeyUsage=anyExtendedKeyUsage,codeSigning',
      ],
      ['for servers as well', 'keyUsage=critical,digitalSignature\nextendedKeyUsage=codeSigning,serverAuth'],
      [
        'for certificates as well',
        'keyUsage=critical,digitalSignature,keyCertSign\nextendedKeyUsage=codeSigning',
      ],
      [
        'an authority',
        'basicConstraints=critical,CA:true\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=codeSigning',
      ],
    ])('a leaf of our tree with %s', async (_title, extensions) => {
      const { intermediate } = authorities.release;
      const path = (name: string): string => join(ground, `${runtime}-leaf.${name}`);
      await writeFile(path('ca'), intermediate.certificatePem);
      await writeFile(path('ca-key'), intermediate.keyPem);
      await writeFile(path('ext'), extensions);
      const openssl = (...words: readonly string[]) => execFileSync('openssl', words, { stdio: 'ignore' });
      openssl(
        'req',
        '-newkey',
        'rsa:3072',
        '-nodes',
        '-keyout',
        path('key'),
        '-out',
        path('csr'),
        '-subj',
        '/CN=x',
      );
      const issuer = ['-CA', path('ca'), '-CAkey', path('ca-key'), '-days', '9', '-extfile', path('ext')];
      openssl('x509', '-req', '-in', path('csr'), '-out', path('pem'), ...issuer);
      const leaf = {
        certificatePem: await readFile(path('pem'), 'utf8'),
        keyPem: await readFile(path('key'), 'utf8'),
      };
      expect(await verdict(signedBy({ leaf, intermediate }))).toBe('signer-untrusted');
    });

    test('a leaf below a leaf, and one below a path that is too long', async () => {
      const { leaf: parent, intermediate } = authorities.release;
      const named = { commonName: 'x', usage: 'codeSigning', validity: validFor(9) } as const;
      const below = await makeLeaf(named, 'rsa-3072', parent);
      expect(await verdict(signedBy({ leaf: below, intermediate: parent }))).toBe('signer-untrusted');
      const third = await makeAuthority(
        { commonName: 'third', kind: 'rsa-3072', pathLength: 0, validity: validFor(9) },
        intermediate,
      );
      const leaf = await makeLeaf(named, 'rsa-3072', third);
      const chainPem = third.certificatePem + intermediate.certificatePem;
      const signature = signCms(CONTENT, {
        leafKeyPem: leaf.keyPem,
        leafCertPem: leaf.certificatePem,
        chainPem,
      });
      expect(await verdict(signature)).toBe('signer-untrusted');
    });

    test('without the intermediate there is no path', async () => {
      const { leaf } = authorities.release;
      const empty = { certificatePem: '', keyPem: '' };
      expect(await verdict(signedBy({ leaf, intermediate: empty }))).toBe('signer-untrusted');
    });

    test('a byte flipped anywhere: never good', async () => {
      const seen = new Set<string>();
      for (let at = 0; at < good.length; at += 37) {
        const flipped = Uint8Array.from(good, (byte, index) => (index === at ? byte ^ 1 : byte));
        try {
          verifyCmsShape(flipped);
        } catch {
          continue;
        }
        const kind = await verdict(flipped);
        expect(kind, `byte ${at}`).not.toBe('good');
        seen.add(kind);
      }
      expect(seen).toEqual(new Set(['signature-invalid', 'signer-untrusted']));
    });
  });
});
