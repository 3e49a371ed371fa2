import { KnownPackage } from '@slipway/protocol';
import { describe, expect, test } from 'vitest';
import { completions, writingOf } from './completion.ts';

const known = (type: string, name: string, ...versions: string[]): KnownPackage =>
  KnownPackage.parse({
    type,
    name,
    versions: versions.map((version) => ({ version, releases: 1, devices: 1 })),
  });

describe('what is being written', () => {
  test.each([
    ['', { part: 'name', type: undefined, begin: '' }],
    ['open', { part: 'name', type: undefined, begin: 'open' }],
    ['deb:open', { part: 'name', type: 'deb', begin: 'open' }],
    ['npm:@scope/na', { part: 'name', type: 'npm', begin: '@scope/na' }],
    ['openssl <', { part: 'version', name: 'openssl', operator: '<', begin: '' }],
    ['openssl <= 3.5', { part: 'version', name: 'openssl', operator: '<=', begin: '3.5' }],
    ['deb:libstdc++6 = 14', { part: 'version', name: 'deb:libstdc++6', operator: '=', begin: '14' }],
    ['openssl < 3 and', undefined],
  ])('%s', (text, writing) => expect(writingOf(text)).toEqual(writing));
});

describe('how it goes on', () => {
  const packages = [known('deb', 'openssl', '3.5.7', '3.5.8'), known('apk', 'openssl', '3.5.10-r0')];
  const of = (text: string): string[] => {
    const writing = writingOf(text);
    return writing === undefined ? [] : completions(writing, packages);
  };
  test.each([
    ['open', ['openssl']],
    ['deb:open', ['deb:openssl', 'apk:openssl']],
    ['openssl < 3.5', ['openssl < 3.5.10-r0', 'openssl < 3.5.8', 'openssl < 3.5.7']],
    ['deb:openssl<3.5.8', ['deb:openssl < 3.5.8']],
    ['other < 1', []],
  ])('%s', (text, all) => expect(of(text)).toEqual(all));
});
