import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeReleaseTree, makeServerAuthority, type ReleaseTree } from '@slipway/signing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bundleSigner, formatsOfClass, parseClassFormats } from './class-outputs.ts';

let folder: string;
let tree: ReleaseTree;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-class-outputs-'));
  tree = await makeReleaseTree('test');
  const other = await makeServerAuthority('test');
  for (const [name, text] of Object.entries({
    'leaf.key': tree.leaf.keyPem,
    'chain.pem': `${tree.leaf.certificatePem}\n${tree.intermediate.certificatePem}`,
    'other.key': other.keyPem,
    'other.pem': other.certificatePem,
    'intermediate.pem': tree.intermediate.certificatePem,
    'text.pem': 'a text',
  }))
    writeFileSync(join(folder, name), text);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const signer = async (signKey?: string, signCert?: string, formats: readonly string[] = ['bundle']) =>
  bundleSigner({ cwd: folder }, parseClassFormats(formats), { signKey, signCert });

test('a key with its certificate signs, and what is behind it goes along', async () => {
  expect(await signer('leaf.key', 'chain.pem')).toEqual({
    leafKeyPem: tree.leaf.keyPem,
    leafCertPem: tree.leaf.certificatePem.trim(),
    chainPem: tree.intermediate.certificatePem.trim(),
  });
});

test('without a bundle nothing is signed', async () => {
  expect(await signer(undefined, undefined, ['vmdk', 'qcow2-efi'])).toBeUndefined();
});

test.each<[string, string, string | undefined, string | undefined, readonly string[] | undefined]>([
  ['a bundle without a key', 'USAGE', undefined, undefined, undefined],
  ['a bundle without a certificate', 'USAGE', 'leaf.key', undefined, undefined],
  ['a key without a bundle', 'USAGE', 'leaf.key', 'chain.pem', ['vmdk']],
  ['a key that is not there', 'NOT_FOUND', 'nowhere', 'chain.pem', undefined],
  ['a text for a key', 'CONFIG_INVALID', 'text.pem', 'chain.pem', undefined],
  ['a text for a certificate', 'CONFIG_INVALID', 'leaf.key', 'text.pem', undefined],
  ['a key of another certificate', 'CONFIG_INVALID', 'leaf.key', 'intermediate.pem', undefined],
  ['a key that devices do not verify', 'CONFIG_INVALID', 'other.key', 'other.pem', undefined],
])('refused: %s', async (_title, code, key, certificate, formats) => {
  await expect(signer(key, certificate, formats)).rejects.toMatchObject({ code });
});

test('a class names formats, each once; the disk itself is made by the build', () => {
  expect(formatsOfClass({ outputs: ['disk', 'vmdk', 'bundle', 'vmdk'] })).toEqual(['vmdk', 'bundle']);
  expect(formatsOfClass({ outputs: ['disk'] })).toEqual([]);
});

test('formats of image files alone are refused for classes', () => {
  expect(() => parseClassFormats(['vmdk', 'tar'])).toThrow(
    expect.objectContaining({ code: 'OUTPUT_UNSUPPORTED' }),
  );
});
