import { SlipwayError } from '@slipway/protocol';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

const APT_DIRECTORY = '/etc/apt';
const KEYRING_DIRECTORY = '/usr/share/keyrings';

/** A stanza of a `.sources` file: field names in lower case. */
export type Stanza = ReadonlyMap<string, string>;

/** deb822: fields, continued lines, comments; stanzas apart by empty lines. */
export const parseStanzas = (text: string): Stanza[] => {
  const stanzas: Map<string, string>[] = [];
  let current: Map<string, string> | undefined;
  let field = '';
  for (const line of text.split('\n')) {
    if (line.startsWith('#')) continue;
    if (line.trim() === '') {
      current = undefined;
      continue;
    }
    if (current === undefined) {
      current = new Map();
      stanzas.push(current);
    }
    const colon = line.indexOf(':');
    if (/^\s/.test(line)) current.set(field, `${current.get(field) ?? ''}\n${line}`);
    else if (colon > 0) {
      field = line.slice(0, colon).trim().toLowerCase();
      current.set(field, line.slice(colon + 1).trim());
    }
  }
  return stanzas;
};

/** `deb [options] uri suite components…` as a stanza. */
export const parseOneLine = (line: string): Stanza | undefined => {
  const match = /^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+([^#]+)/.exec(line);
  if (match === null) return undefined;
  const [, options = '', uri = '', suite = '', components = ''] = match;
  const stanza = new Map([
    ['types', 'deb'],
    ['uris', uri],
    ['suites', suite],
    ['components', components.trim()],
  ]);
  for (const option of options.split(/\s+/).filter((word) => word.includes('='))) {
    const [key = '', value = ''] = option.split('=');
    stanza.set(key.toLowerCase(), value);
  }
  return stanza;
};

/**
 * Only what Debian signs counts: another repository of this machine (a local folder, a vendor's) must not find its way
 * into images unasked. A stanza without `Signed-By` is taken if it is not declared trusted and its host is Debian's.
 */
export const isDebianArchive = (stanza: Stanza): boolean => {
  if (/^(?:no|false|0|off)$/i.test(stanza.get('enabled') ?? 'yes')) return false;
  if (!(stanza.get('types') ?? '').split(/\s+/).includes('deb')) return false;
  if (/^(?:yes|true|1|on)$/i.test(stanza.get('trusted') ?? 'no')) return false;
  const uris = (stanza.get('uris') ?? '').split(/\s+/).filter((uri) => uri !== '');
  if (uris.length === 0 || !uris.every((uri) => /^https?:\/\//.test(uri))) return false;
  const signedBy = stanza.get('signed-by');
  return signedBy === undefined
    ? uris.every((uri) => /^https?:\/\/(?:[a-z0-9-]+\.)*debian\.org(?:[:/]|$)/.test(uri))
    : /(?:^|\/)debian-archive-[a-z-]*keyring\.(?:gpg|pgp)$/.test(signedBy);
};

const findKeyring = async (): Promise<string> => {
  const names = await readdir(KEYRING_DIRECTORY).catch((): string[] => []);
  const name = ['debian-archive-keyring.pgp', 'debian-archive-keyring.gpg'].find((known) =>
    names.includes(known),
  );
  if (name === undefined)
    throw new SlipwayError(
      'TOOL_MISSING',
      `no key of Debian's archive under ${KEYRING_DIRECTORY}; install debian-archive-keyring`,
      { details: { package: 'debian-archive-keyring' } },
    );
  return join(KEYRING_DIRECTORY, name);
};

const byCode = (a: string, b: string): number => (a < b ? -1 : 1);

const hostStanzas = async (): Promise<Stanza[]> => {
  const parts = join(APT_DIRECTORY, 'sources.list.d');
  const names = (await readdir(parts).catch((): string[] => []))
    .sort(byCode)
    .map((name) => join(parts, name));
  const stanzas: Stanza[] = [];
  for (const path of [join(APT_DIRECTORY, 'sources.list'), ...names]) {
    const text = await readFile(path, 'utf8').catch(() => '');
    if (path.endsWith('.sources')) stanzas.push(...parseStanzas(text));
    else if (path.endsWith('.list'))
      stanzas.push(...text.split('\n').flatMap((line) => parseOneLine(line) ?? []));
  }
  return stanzas;
};

const format = (uris: string, suites: string, components: string, keyring: string): string =>
  `Types: deb\nURIs: ${uris}\nSuites: ${suites}\nComponents: ${components}\nSigned-By: ${keyring}\n`;

export type Mirror = { readonly uri: string; readonly suite: string };

/** Read here and not in the config of a program, because builder, CLI and tests resolve packages alike. */
const mirrorFromEnvironment = (): Mirror | undefined => {
  const uri = process.env['SLIPWAY_DEBIAN_MIRROR'];
  const suite = process.env['SLIPWAY_DEBIAN_SUITE'];
  if (uri === undefined && suite === undefined) return undefined;
  if (uri === undefined || suite === undefined || !/^https?:\/\/\S+$/.test(uri) || !/^[a-z-]+$/.test(suite))
    throw new SlipwayError(
      'CONFIG_INVALID',
      'SLIPWAY_DEBIAN_MIRROR and SLIPWAY_DEBIAN_SUITE belong together: the http(s) URL of a mirror, and a suite such as trixie',
    );
  return { uri, suite };
};

/**
 * A `.sources` file for apt: the given mirror, else the Debian archives of this machine.
 *
 * @throws {SlipwayError} CONFIG_INVALID if there are none
 */
export const debianSources = async (mirror = mirrorFromEnvironment()): Promise<string> => {
  const keyring = await findKeyring();
  if (mirror !== undefined) return format(mirror.uri, mirror.suite, 'main', keyring);
  const stanzas = (await hostStanzas()).filter(isDebianArchive);
  if (stanzas.length === 0)
    throw new SlipwayError(
      'CONFIG_INVALID',
      'this machine has no Debian archive among its package sources; set SLIPWAY_DEBIAN_MIRROR and SLIPWAY_DEBIAN_SUITE',
    );
  return stanzas
    .map((stanza) =>
      format(
        (stanza.get('uris') ?? '').replace(/\s+/g, ' '),
        (stanza.get('suites') ?? '').replace(/\s+/g, ' '),
        (stanza.get('components') ?? 'main').replace(/\s+/g, ' '),
        keyring,
      ),
    )
    .join('\n');
};
