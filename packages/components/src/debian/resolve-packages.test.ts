import { expect, test } from 'vitest';
import { parsePrintedUris } from './resolve-packages.ts';

test("apt's lines name package, version with its epoch, architecture, size and digest", () => {
  const digest = 'a'.repeat(64);
  const output = `E: noise\n'http://m/b.deb' busybox-static_1%3a1.37.0-6+b9_arm64.deb 848104 SHA256:${digest}\n`;
  expect(parsePrintedUris(output)).toEqual([
    {
      name: 'busybox-static',
      version: '1:1.37.0-6+b9',
      arch: 'arm64',
      url: 'http://m/b.deb',
      size: 848_104,
      digest: `sha256:${digest}`,
    },
  ]);
});

test('a line with a weaker digest is no package', () => {
  expect(parsePrintedUris(`'http://m/b.deb' a_1_all.deb 1 MD5Sum:${'a'.repeat(32)}\n`)).toEqual([]);
});
