import { SlipwayError } from '@slipway/protocol';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseOneLine, parseStanzas, type Stanza } from './deb822.ts';
import { archiveKeyring, type AptSource } from './sources.ts';
import { snapshotFallback } from './snapshot.ts';

const APT_DIRECTORY = '/etc/apt';

/**
 * Only what Debian signs counts: another repository of this machine (a local folder, a vendor's) must not find its way
 * into images unasked. A stanza without `Signed-By` is taken if it is not declared trusted and its host is Debian's.
 */
export const isDebianArchive = (stanza: Stanza): boolean => {
  if (/^(?:no|false|0|off)$/i.test(stanza.get('enabled') ?? 'yes')) return false;
  if (!(stanza.get('types') ?? '').split(/\s+/).includes('deb')) return false;
  if (/^(?:yes|true|1|on)$/i.test(stanza.get('trusted') ?? 'no')) return false;
  const uris = wordsOf(stanza.get('uris'));
  if (uris.length === 0 || !uris.every((uri) => /^https?:\/\//.test(uri))) return false;
  const signedBy = stanza.get('signed-by');
  return signedBy === undefined
    ? uris.every((uri) => /^https?:\/\/(?:[a-z0-9-]+\.)*debian\.org(?:[:/]|$)/.test(uri))
    : /(?:^|\/)debian-archive-[a-z-]*keyring\.(?:gpg|pgp)$/.test(signedBy);
};

const wordsOf = (text: string | undefined): string[] =>
  (text ?? '').split(/\s+/).filter((word) => word !== '');

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
 * Where packages come from if the image file does not say: the given mirror, else the Debian archives of this machine.
 *
 * @throws {SlipwayError} CONFIG_INVALID if there are none
 */
export const hostSources = async (mirror = mirrorFromEnvironment()): Promise<AptSource[]> => {
  const keyring = await archiveKeyring();
  const source = (uri: string, suites: string[], components: string[]): AptSource => {
    const fallback = snapshotFallback(uri);
    return { uri, suites, components, keyring, ...(fallback === undefined ? {} : { fallback }) };
  };
  if (mirror !== undefined) return [source(mirror.uri, [mirror.suite], ['main'])];
  const sources = (await hostStanzas())
    .filter(isDebianArchive)
    .flatMap((stanza) =>
      wordsOf(stanza.get('uris')).map((uri) =>
        source(uri, wordsOf(stanza.get('suites')), wordsOf(stanza.get('components') ?? 'main')),
      ),
    );
  if (sources.length === 0)
    throw new SlipwayError(
      'CONFIG_INVALID',
      'this machine has no Debian archive among its package sources; say debian: in the image file, or set SLIPWAY_DEBIAN_MIRROR and SLIPWAY_DEBIAN_SUITE',
    );
  return sources;
};
