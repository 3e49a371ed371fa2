import { codeOf } from '@slipway/protocol';
import { describe, expect, test } from 'vitest';
import { listName } from './release-dates.ts';
import { snapshotFallback, snapshotOf } from './snapshot.ts';
import { declaredSources, formatSources } from './sources.ts';

const own = { components: ['main'], keyring: 'keys/own.pgp' };

describe('archives that an image file names', () => {
  test('without a URI are those of Debian, security updates from their own archive', async () => {
    const sources = await declaredSources([{ ...own, suites: ['trixie', 'trixie-security'] }], '/repo');
    expect(sources).toEqual([
      {
        uri: 'http://deb.debian.org/debian',
        suites: ['trixie'],
        components: ['main'],
        keyring: '/repo/keys/own.pgp',
        fallback: 'https://snapshot.debian.org/archive/debian/${snapshot}',
      },
      {
        uri: 'http://deb.debian.org/debian-security',
        suites: ['trixie-security'],
        components: ['main'],
        keyring: '/repo/keys/own.pgp',
        fallback: 'https://snapshot.debian.org/archive/debian-security/${snapshot}',
      },
    ]);
  });

  test('with a snapshot are as they were then, and their age is no fault', async () => {
    const snapshot = '20261101T000000Z';
    const sources = await declaredSources(
      [
        { ...own, suites: ['sid'], snapshot },
        { ...own, suites: ['a'], snapshot, uri: 'http://m/${snapshot}/x' },
        { ...own, suites: ['b'], uri: 'http://n/' },
      ],
      '/repo',
    );
    expect(sources.map(({ uri }) => uri)).toEqual([
      `https://snapshot.debian.org/archive/debian/${snapshot}`,
      `http://m/${snapshot}/x`,
      'http://n/',
    ]);
    const stanzas = formatSources(sources, () => '/keys').split('\n\n');
    expect(stanzas.map((stanza) => stanza.includes('Check-Valid-Until: no'))).toEqual([true, true, false]);
    expect(stanzas[0]).toBe(
      `Types: deb\nURIs: https://snapshot.debian.org/archive/debian/${snapshot}\nSuites: sid\nComponents: main\nSigned-By: /keys\nCheck-Valid-Until: no`,
    );
  });

  test('cannot ask for a snapshot that is not named', async () => {
    await expect(
      declaredSources([{ ...own, suites: ['a'], uri: 'http://m/${snapshot}' }], '/'),
    ).rejects.toSatisfy((error) => codeOf(error) === 'SPEC_INVALID');
  });
});

test.each([
  ['http://deb.debian.org/debian', 'debian'],
  ['https://mirror.example/pub/debian-security/', 'debian-security'],
])('%s has its past at snapshot.debian.org', (uri, archive) => {
  expect(snapshotFallback(uri)).toBe(`https://snapshot.debian.org/archive/${archive}/\${snapshot}`);
});

test.each([
  'http://x/ubuntu',
  'file:/srv/debian',
  'https://snapshot.debian.org/archive/debian/20261101T000000Z',
])('%s has none that is known', (uri) => {
  expect(snapshotFallback(uri)).toBeUndefined();
});

test('moments are written as snapshot.debian.org does', () => {
  expect(snapshotOf(new Date('Sat, 21 Nov 2026 09:15:44 UTC'))).toBe('20261121T091544Z');
});

test.each([
  ['http://deb.debian.org/debian/dists/trixie/', 'deb.debian.org_debian_dists_trixie_'],
  ['http://user@h:8080/a_b~c/', 'h:8080_a%5fb%7ec_'],
  ['file:/srv/x/', '_srv_x_'],
])("apt's list of %s is %s", (uri, name) => {
  expect(listName(uri)).toBe(name);
});
