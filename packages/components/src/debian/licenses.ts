import { parseStanzas } from './deb822.ts';

const SPDX: Readonly<Record<string, string>> = {
  expat: 'MIT',
  mit: 'MIT',
  'apache-2.0': 'Apache-2.0',
  'apache-2': 'Apache-2.0',
  'bsd-2-clause': 'BSD-2-Clause',
  'bsd-3-clause': 'BSD-3-Clause',
  isc: 'ISC',
  zlib: 'Zlib',
  'mpl-2.0': 'MPL-2.0',
  'cc0-1.0': 'CC0-1.0',
  'public-domain': 'LicenseRef-public-domain',
};

/** Debian writes `GPL-2+`, SPDX `GPL-2.0-or-later`; what has no counterpart stays as it is. */
export const toSpdx = (name: string): string => {
  const gnu = /^(A?GPL|LGPL)-(\d)(\.\d)?(\+)?$/i.exec(name);
  if (gnu?.[1] !== undefined && gnu[2] !== undefined)
    return `${gnu[1].toUpperCase()}-${gnu[2]}${gnu[3] ?? '.0'}-${gnu[4] === undefined ? 'only' : 'or-later'}`;
  return SPDX[name.toLowerCase()] ?? name;
};

/**
 * Licences named in a machine-readable `debian/copyright`.
 *
 * @returns sorted; empty if the file is not in that form
 */
export const licensesOf = (copyright: string): string[] => {
  const stanzas = parseStanzas(copyright);
  if (stanzas[0]?.has('format') !== true) return [];
  const names = stanzas
    .filter((stanza) => stanza.has('files'))
    .flatMap((stanza) => (stanza.get('license') ?? '').split('\n')[0] ?? '')
    .flatMap((line) => line.split(/\s+(?:and|or|with .*|AND|OR)\s+|,\s*/))
    .map((name) => name.trim())
    .filter((name) => /^[A-Za-z0-9.+-]{2,60}$/.test(name));
  return [...new Set(names.map(toSpdx))].sort();
};
