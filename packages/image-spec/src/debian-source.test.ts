import { codeOf, SlipwayError } from '@slipway/protocol';
import { describe, expect, test } from 'vitest';
import { parseImageFiles } from './parse-image.ts';

const parse = (debian: string, name = 'images/edge.yml') =>
  parseImageFiles([
    {
      name,
      text: `kernel: {image: 'deb:k'}\npackages:\n  k: {install: [linux]}\n  own: {install: [a], debian: [{suites: [sid]}]}\n${debian}`,
    },
  ]);

const problemOf = (text: string): unknown => {
  try {
    parse(text);
  } catch (error) {
    if (!(error instanceof SlipwayError)) throw error;
    expect(codeOf(error)).toBe('SPEC_INVALID');
    return error.details['key'];
  }
  return undefined;
};

describe('sources of Debian packages', () => {
  test('hold for every package set that names none of its own', () => {
    const spec = parse('debian:\n  - {suites: [trixie], snapshot: 20261101T000000Z}\n');
    const common = [{ suites: ['trixie'], components: ['main'], snapshot: '20261101T000000Z' }];
    expect(spec.debian).toEqual(common);
    expect(spec.packages['k']?.debian).toEqual(common);
    expect(spec.packages['own']?.debian).toEqual([{ suites: ['sid'], components: ['main'] }]);
  });

  test('name their keyring relative to the image file', () => {
    const spec = parse('debian: [{suites: [a], keyring: ../keys/a.pgp}]\n');
    expect(spec.packages['k']?.debian?.[0]?.keyring).toBe('keys/a.pgp');
  });

  test('of a later file replace those of an earlier one', () => {
    const spec = parseImageFiles(
      [
        { name: 'a.yml', text: "kernel: {image: 'deb:k'}\ndebian: [{suites: [a]}]\n" },
        { name: 'b.yml', text: 'packages: {k: {install: [b]}}\ndebian: [{suites: [b]}]\n' },
      ].map((file) =>
        file.name === 'a.yml' ? { ...file, text: `${file.text}packages: {k: {install: [a]}}\n` } : file,
      ),
    );
    expect(spec.packages['k']).toMatchObject({ install: ['b'], debian: [{ suites: ['b'] }] });
  });

  test.each([
    ['no suite', 'debian: [{suites: []}]\n', 'debian[0].suites'],
    ['a flat archive', 'debian: [{suites: [./]}]\n', 'debian[0].suites[0]'],
    ['another scheme', "debian: [{suites: [a], uri: 'ftp://x/'}]\n", 'debian[0].uri'],
    ['a date that is no snapshot', 'debian: [{suites: [a], snapshot: "2026-11-01"}]\n', 'debian[0].snapshot'],
    ['a keyring outside the repository', 'debian: [{suites: [a], keyring: ../../x}]\n', 'debian[0].keyring'],
    ['an unknown key', 'debian: [{suite: [a]}]\n', 'debian[0].suites'],
    ['no source at all', 'debian: []\n', 'debian'],
  ])('%s is an error that points there', (_title, text, key) => {
    expect(problemOf(text)).toBe(key);
  });

  test.each(['../x', '/x', 'a/../x', 'a//b', 'a/', './a'])('%s is no path of an alternative', (path) => {
    expect(problemOf(`init: []\ndebian: [{suites: [a]}]\n`)).toBeUndefined();
    const text = `kernel: {image: 'deb:k'}\npackages: {k: {install: [a], alternatives: {"usr/bin/a": ${JSON.stringify(path)}}}}\n`;
    expect(() => parseImageFiles([{ name: 'a.yml', text }])).toThrow(SlipwayError);
  });
});
