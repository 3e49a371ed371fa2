import { Digest, SlipwayError } from '@slipway/protocol';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { createGlob } from '../glob.ts';
import { runTool } from '../run-tool.ts';
import { writeAtomically } from '../write-atomically.ts';
import type { AptRoot } from './apt-root.ts';
import { parseStanzas } from './deb822.ts';

/** One package file that apt chose. */
export const DebPackage = z.strictObject({
  name: z.string(),
  version: z.string(),
  arch: z.string(),
  url: z.string(),
  size: z.int(),
  digest: Digest,
  /** the source package, if it has another name or version */
  source: z.strictObject({ name: z.string(), version: z.string() }).optional(),
  /** other places of the same bytes, in the order in which they are tried */
  mirrors: z.array(z.string()).optional(),
});
export type DebPackage = z.infer<typeof DebPackage>;

/** Of what is remembered between runs. */
const FORM = 2;

export type Dependencies = 'full' | 'none' | readonly string[];

const LINE = /^'([^']+)' ([^_\s]+)_([^_\s]+)_([a-z0-9-]+)\.deb (\d+) SHA256:([0-9a-f]{64})$/;

export const parsePrintedUris = (output: string): DebPackage[] =>
  output.split('\n').flatMap((line) => {
    const match = LINE.exec(line.trim());
    if (match === null) return [];
    const [, url = '', name = '', version = '', arch = '', size = '', digest = ''] = match;
    return [
      {
        name,
        version: decodeURIComponent(version),
        arch,
        url,
        size: Number(size),
        digest: Digest.parse(`sha256:${digest}`),
      },
    ];
  });

const nameOf = (wanted: string): string => wanted.replace(/=.*$/, '');

const notFound = (names: readonly string[], arch: string, output: string): SlipwayError =>
  new SlipwayError(
    'PACKAGE_NOT_FOUND',
    `packages ${names.join(', ')} for ${arch} cannot be resolved; check names, versions and the suite:\n` +
      output
        .split('\n')
        .filter((line) => /^E:|Depends:|Unable/.test(line.trim()))
        .join('\n'),
    { details: { packages: names, arch } },
  );

/** `Source: NAME` or `Source: NAME (VERSION)`, which the archive leaves out where it would say the same. */
const sourcesOf = async (
  root: AptRoot,
  packages: readonly DebPackage[],
): Promise<Map<string, NonNullable<DebPackage['source']>>> => {
  const sources = new Map<string, NonNullable<DebPackage['source']>>();
  if (packages.length === 0) return sources;
  const shown = await runTool(
    'apt-cache',
    ['show', '--', ...packages.map(({ name, version }) => `${name}=${version}`)],
    { package: 'apt', env: { APT_CONFIG: root.configFile } },
  );
  for (const stanza of parseStanzas(shown.toString())) {
    const version = stanza.get('version') ?? '';
    const match = /^(\S+)(?:\s+\((\S+)\))?$/.exec(stanza.get('source') ?? '');
    if (match?.[1] !== undefined)
      sources.set(`${stanza.get('package') ?? ''}=${version}`, {
        name: match[1],
        version: match[2] ?? version,
      });
  }
  return sources;
};

/**
 * Lets apt choose packages and all they need, as if nothing were installed. Nothing is downloaded.
 *
 * @param names of packages, optionally with `=version`
 * @returns sorted by name
 * @throws {SlipwayError} PACKAGE_NOT_FOUND
 */
export const resolvePackages = async (
  root: AptRoot,
  names: readonly string[],
  dependencies: Dependencies,
): Promise<DebPackage[]> => {
  const key = createHash('sha256')
    .update(JSON.stringify([FORM, root.listsAt, root.arch, names, dependencies]))
    .digest('hex');
  const cached = join(root.directory, 'resolved', `${key}.json`);
  const earlier = await readFile(cached, 'utf8').catch(() => undefined);
  if (earlier !== undefined) return z.array(DebPackage).parse(JSON.parse(earlier));

  const command = dependencies === 'none' ? ['download'] : ['install', '--no-install-recommends'];
  let output: string;
  try {
    const printed = await runTool(
      'apt-get',
      ['-qq', '-y', '-o', 'Acquire::ForceHash=SHA256', '--print-uris', ...command, '--', ...names],
      { package: 'apt', env: { APT_CONFIG: root.configFile } },
    );
    output = printed.toString();
  } catch (error) {
    if (error instanceof SlipwayError && error.code === 'TOOL_FAILED')
      throw notFound(names, root.arch, error.message);
    throw error;
  }
  const everything = parsePrintedUris(output);
  const wanted = names.map(nameOf);
  const isWanted = typeof dependencies === 'string' ? () => true : createGlob(dependencies);
  const chosen = everything
    .filter(({ name }) => wanted.includes(name) || isWanted(name))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const missing = wanted.filter((name) => !everything.some((found) => found.name === name));
  if (missing.length > 0) throw notFound(missing, root.arch, output);
  const sources = await sourcesOf(root, chosen);
  const described = chosen.map((item): DebPackage => {
    const source = sources.get(`${item.name}=${item.version}`);
    return source === undefined ? item : { ...item, source };
  });
  await writeAtomically(cached, JSON.stringify(described));
  return described;
};
