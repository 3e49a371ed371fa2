import { describe, expect, test } from 'vitest';
import { codeOf } from '@slipway/protocol';
import { parseManifest, parseManifestOnDevice } from './manifest.ts';

const digest = `sha256:${'0'.repeat(64)}`;
const good = {
  v: 1,
  format: 'slipway-bundle',
  release: 'rel_0123456789abcdef',
  version: '1.0.0',
  counter: 1,
  deviceClass: 'edge-x86',
  arch: 'amd64',
  build: 'bld_0123456789abcdef',
  timeFloor: 0,
  rootHash: '0'.repeat(64),
  verityDataBlocks: 1,
  minimumAgent: '0.1.0',
  provenance: digest,
  files: [
    { name: 'uki.efi', size: 5, digest, chunks: [digest] },
    { name: 'root.img', size: 262_144 + 4096, digest, chunks: [digest, digest] },
    { name: 'sbom.cdx.json', size: 0, digest, chunks: [] },
  ],
};
const [uki, root, sbom] = good.files;

const codeFrom = (value: unknown, parse: (bytes: Uint8Array) => unknown = parseManifest): string => {
  try {
    parse(typeof value === 'string' ? Buffer.from(value) : Buffer.from(JSON.stringify(value)));
  } catch (error) {
    return codeOf(error);
  }
  return 'none';
};

describe('parseManifest', () => {
  test('takes a good one', () => {
    expect(codeFrom(good)).toBe('none');
  });

  test.each<[string, unknown]>([
    ['no JSON', 'x'],
    ['no UTF-8', '{"\u0000'],
    ['unknown key', { ...good, extra: 1 }],
    ['counter of zero', { ...good, counter: 0 }],
    ['unsafe counter', { ...good, counter: 2 ** 53 }],
    ['another format', { ...good, format: 'x' }],
    ['a file less', { ...good, files: [uki, root] }],
    ['a file twice', { ...good, files: [uki, uki, sbom] }],
    ['files out of order', { ...good, files: [root, uki, sbom] }],
    ['an unknown file', { ...good, files: [uki, root, { ...sbom, name: 'evil' }] }],
    ['a negative size', { ...good, files: [{ ...uki, size: -1 }, root, sbom] }],
    ['a chunk less', { ...good, files: [uki, { ...root, chunks: [digest] }, sbom] }],
    ['a chunk more', { ...good, files: [{ ...uki, chunks: [digest, digest] }, root, sbom] }],
    ['a root of broken blocks', { ...good, files: [uki, { ...root, size: 262_145 }, sbom] }],
    ['a root without a tree', { ...good, verityDataBlocks: 65 }],
  ])('refuses: %s', (_what, value) => {
    expect(codeFrom(value)).toBe('BUNDLE_MANIFEST_INVALID');
  });
});

describe('parseManifestOnDevice', () => {
  test('survives keys of newer servers', () => {
    const newer = { ...good, extra: 1, files: [{ ...uki, extra: 1 }, root, sbom] };
    expect(codeFrom(newer, parseManifestOnDevice)).toBe('none');
  });

  test('is as strict about what it knows', () => {
    expect(codeFrom({ ...good, verityDataBlocks: 65 }, parseManifestOnDevice)).toBe(
      'BUNDLE_MANIFEST_INVALID',
    );
  });
});
