import { isSpdxExpression, isSpdxId, normaliseLicenses } from './spdx-expression.ts';
import { parseStanzas } from './stanzas.ts';

/** Short names of Debian whose SPDX identifier is another one, in lower case. */
const SPDX: Readonly<Record<string, string>> = {
  expat: 'MIT',
  'mit/x11': 'X11',
  'apache-2': 'Apache-2.0',
  apache2: 'Apache-2.0',
  artistic: 'Artistic-1.0-Perl',
  'artistic-1': 'Artistic-1.0-Perl',
  'artistic-2': 'Artistic-2.0',
  'bsd-2': 'BSD-2-Clause',
  'bsd-3': 'BSD-3-Clause',
  'bsd-4': 'BSD-4-Clause',
  boost: 'BSL-1.0',
  'boost-1.0': 'BSL-1.0',
  'cc0-1': 'CC0-1.0',
  cc0: 'CC0-1.0',
  'mpl-2': 'MPL-2.0',
  'public-domain': 'LicenseRef-public-domain',
  'psf-2': 'PSF-2.0',
};

/** Identifiers that packages write in other letters than SPDX does. */
const PROPER_CASE: ReadonlyMap<string, string> = new Map(
  [
    'Apache-2.0',
    'Artistic-2.0',
    'BSD-2-Clause',
    'BSD-3-Clause',
    'BSD-4-Clause',
    'BSL-1.0',
    'CC0-1.0',
    'CDDL-1.0',
    'EPL-1.0',
    'EPL-2.0',
    'ISC',
    'MIT',
    'MPL-1.1',
    'MPL-2.0',
    'OFL-1.1',
    'PSF-2.0',
    'Unlicense',
    'WTFPL',
    'X11',
    'Zlib',
    'curl',
  ].map((id) => [id.toLowerCase(), id]),
);

/** Debian writes `GPL-2+`, SPDX `GPL-2.0-or-later`; what has no counterpart stays as it is. */
export const toSpdx = (name: string): string => {
  const gnu = /^(A?GPL|LGPL|GFDL)-(?:v)?(\d)(\.\d)?(?:\.0)?(\+)?$/i.exec(name);
  if (gnu?.[1] !== undefined && gnu[2] !== undefined) {
    const id = `${gnu[1].toUpperCase()}-${gnu[2]}${gnu[3] ?? '.0'}-${gnu[4] === undefined ? 'only' : 'or-later'}`;
    if (isSpdxId(id)) return id;
  }
  const key = name.toLowerCase();
  if (Object.hasOwn(SPDX, key)) return SPDX[key] ?? name;
  return PROPER_CASE.get(key) ?? name;
};

/** An exception only ever allows more, so what is left of the term without it claims no freedom that is not there. */
const withoutException = (term: string): string => term.replace(/\s+with\s.*$/i, '').trim();

/** Characters; patterns for blanks around words take quadratic time on a line of blanks. */
const MAX_SYNOPSIS = 1000;

const NAME = /^[A-Za-z0-9][A-Za-z0-9.+/~_-]{1,59}$/;

/**
 * A `License:` synopsis, such as `GPL-2+ or Artistic, and BSD-3-clause`. A comma binds weaker than `and` and `or`.
 *
 * @returns what applies together; each an SPDX expression or a name
 */
const parseSynopsis = (synopsis: string): string[] =>
  synopsis
    .slice(0, MAX_SYNOPSIS)
    .split(/\s*,\s*(?:and\s+)?/i)
    .flatMap((part) => (/^or\s/i.test(part) ? [part.replace(/^or\s+/i, '')] : part.split(/\s+and\s+/i)))
    .flatMap((part) => {
      const choices = part
        .split(/\s+or\s+|\s*\|\s*/i)
        .map((term) => toSpdx(withoutException(term)))
        .filter((term) => NAME.test(term));
      const expression = choices.join(' OR ');
      return choices.length > 1 && isSpdxExpression(expression) ? [expression] : choices;
    });

/** Bytes of a copyright file that are looked at. */
export const MAX_COPYRIGHT_BYTES = 4 * 1024 * 1024;

/**
 * Licences that a Debian copyright file names.
 *
 * @returns sorted. Of a machine-readable file, what its `Files` stanzas say. Of any other, the names under
 *   /usr/share/common-licenses that it refers to, which tell the family but not whether later versions are allowed
 * @see https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
 */
export const licensesOfCopyright = (copyright: string): string[] => {
  const stanzas = [...parseStanzas(copyright)];
  const head = stanzas[0];
  const machineReadable = head !== undefined && (head.has('format') || head.has('format-specification'));
  if (!machineReadable) {
    const names = [...copyright.matchAll(/common-licenses\/([A-Za-z]+(?:-\d+(?:\.\d+)*)?)/g)].map(
      ([, name = '']) => (/GPL|GFDL/.test(name) ? name : toSpdx(name)),
    );
    return normaliseLicenses(names);
  }
  const synopses = new Set(
    stanzas
      .filter((stanza) => stanza.has('files'))
      .map((stanza) => (stanza.get('license') ?? '').split('\n')[0] ?? ''),
  );
  return normaliseLicenses([...synopses].flatMap(parseSynopsis));
};
