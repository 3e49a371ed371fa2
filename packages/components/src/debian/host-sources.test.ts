import { expect, test } from 'vitest';
import { parseOneLine, parseStanzas } from './deb822.ts';
import { isDebianArchive } from './host-sources.ts';

const keyring = '/usr/share/keyrings/debian-archive-keyring.pgp';

test.each([
  ['Debian, signed', `Types: deb\nURIs: http://mirror.example/debian\nSigned-By: ${keyring}\n`, true],
  ['Debian without a key named', 'Types: deb deb-src\nURIs: https://deb.debian.org/debian\n', true],
  ['a host that only ends alike', 'Types: deb\nURIs: https://notdebian.org/debian\n', false],
  ['a local folder that is trusted', 'Types: deb\nURIs: file:/usr/share/x\nTrusted: yes\n', false],
  ['Debian declared trusted', `Types: deb\nURIs: http://a/\nTrusted: yes\nSigned-By: ${keyring}\n`, false],
  [
    "a vendor's key",
    'Types: deb\nURIs: https://deb.debian.org/debian\nSigned-By: /etc/apt/keyrings/vendor.asc\n',
    false,
  ],
  ['sources only', `Types: deb-src\nURIs: http://a/\nSigned-By: ${keyring}\n`, false],
  ['switched off', `Enabled: no\nTypes: deb\nURIs: http://a/\nSigned-By: ${keyring}\n`, false],
  [
    'one good and one bad place',
    'Types: deb\nURIs: https://deb.debian.org/debian https://evil.example/\n',
    false,
  ],
])('%s', (_title, text, expected) => {
  const [stanza] = parseStanzas(text);
  expect(stanza === undefined ? undefined : isDebianArchive(stanza)).toBe(expected);
});

test('one-line sources read alike', () => {
  expect(parseOneLine('# deb http://a b c')).toBeUndefined();
  expect(parseOneLine('deb-src http://a b c')).toBeUndefined();
  const stanza = parseOneLine(
    `deb [arch=amd64 signed-by=${keyring}] http://m/debian trixie main contrib # x`,
  );
  expect(Object.fromEntries(stanza ?? [])).toMatchObject({
    uris: 'http://m/debian',
    suites: 'trixie',
    components: 'main contrib',
    'signed-by': keyring,
  });
});

test('stanzas keep continued lines and leave out comments', () => {
  expect(
    parseStanzas('# c\nA: 1\n 2\n# d\nB: 3\n\n\nC: 4\n').map((stanza) => Object.fromEntries(stanza)),
  ).toEqual([{ a: '1\n 2', b: '3' }, { c: '4' }]);
});
