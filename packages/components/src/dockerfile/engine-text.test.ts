import { expect, test } from 'vitest';
import { engineText } from './engine-text.ts';
import { parseDockerfile } from './parse-dockerfile.ts';

const written = (text: string): string =>
  engineText(text, parseDockerfile(text, { file: 'Dockerfile', arch: 'arm64', args: {} }), 'arm64');

test('a Dockerfile without platforms stays as it is', () => {
  const text = '# one\nFROM a AS from\nRUN x \\\n  y\nfrom from\n';
  expect(written(text)).toBe(text);
});

test('where one stage names a platform, the others do so, too', () => {
  expect(written('FROM --platform=linux/amd64 go AS a\nRUN FROM\n  from \\\n  b as c\nFROM scratch\n')).toBe(
    'FROM --platform=linux/amd64 go AS a\nRUN FROM\n  FROM --platform=linux/arm64 \\\n  b as c\nFROM --platform=linux/arm64 scratch\n',
  );
});

test('no other frontend is asked for', () => {
  expect(written('# syntax=docker/dockerfile:1\nFROM a\n')).toBe('#\nFROM a\n');
});
