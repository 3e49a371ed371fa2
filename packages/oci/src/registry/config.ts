import { messageOf, SlipwayError } from '@slipway/protocol';
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { isNode, LineCounter, parseDocument, type Document } from 'yaml';
import { z } from 'zod';
import { canonicalHost, isLoopback } from './host.ts';

const host = z
  .string()
  .regex(
    /^(?:\[[0-9a-fA-F:]+\]|[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)(?::\d{1,5})?$/,
    'expected HOST or HOST:PORT',
  );
const path = z.string().min(1);

/** `registries.yml`: how registries are reached. Paths are relative to the file. */
const RegistriesFile = z.strictObject({
  v: z.literal(1),
  registries: z.record(
    host,
    z.strictObject({
      /** asked first, in order; a path in the address stands before the repository's name */
      mirrors: z.array(z.url({ protocol: /^https?$/ })).default([]),
      /** PEM files of authorities that are trusted beside those of the system */
      ca: z.union([path, z.array(path)]).optional(),
      clientCert: path.optional(),
      clientKey: path.optional(),
    }),
  ),
});

export type RegistryConfig = {
  readonly mirrors: readonly URL[];
  readonly caFiles: readonly string[];
  readonly clientCert: string | undefined;
  readonly clientKey: string | undefined;
};

/** By canonical host. */
export type RegistriesConfig = ReadonlyMap<string, RegistryConfig>;

const at = (document: Document, lines: LineCounter, keys: readonly PropertyKey[]): string => {
  for (let length = keys.length; length >= 0; length--) {
    const node: unknown = document.getIn(keys.slice(0, length), true);
    const [offset] = (isNode(node) ? node.range : undefined) ?? [];
    if (offset === undefined) continue;
    const { line, col } = lines.linePos(offset);
    return `${line}:${col}`;
  }
  return '1:1';
};

const complaint = (issue: z.core.$ZodIssue): string => {
  if (issue.code === 'unrecognized_keys') {
    const allowed = issue.path.length === 0 ? 'v, registries' : 'mirrors, ca, clientCert, clientKey';
    return `unknown key ${issue.keys.join(', ')}; allowed: ${allowed}`;
  }
  const message = issue.message.replace(/^Invalid input: /, '');
  return message
    .replace('expected record', 'expected a mapping')
    .replace('received undefined', 'found nothing');
};

/** @throws {SlipwayError} REGISTRIES_INVALID with every problem and its line, REGISTRY_INSECURE */
export const parseRegistries = (text: string, file: string): RegistriesConfig => {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, version: '1.2', uniqueKeys: true });
  const invalid = (problems: readonly string[]): SlipwayError =>
    new SlipwayError('REGISTRIES_INVALID', problems.join('\n'), { details: { file, problems } });
  if (document.errors.length > 0)
    throw invalid(document.errors.map(({ message }) => `${file}: ${message.replace(/:?\n[^]*$/, '')}`));
  const result = RegistriesFile.safeParse(document.toJS({ maxAliasCount: 0 }));
  if (!result.success)
    throw invalid(
      result.error.issues.map(
        (issue) =>
          `${file}:${at(document, lines, issue.path)}: ${issue.path.map(String).join('.') || 'file'}: ${complaint(issue)}`,
      ),
    );
  const config = new Map<string, RegistryConfig>();
  for (const [name, entry] of Object.entries(result.data.registries)) {
    const key = canonicalHost(name);
    const where = (part: string): string => `${file}:${at(document, lines, ['registries', name, part])}`;
    if (config.has(key)) throw invalid([`${where('')}: registries.${name}: ${key} is there twice`]);
    if ((entry.clientCert === undefined) !== (entry.clientKey === undefined))
      throw invalid([`${where('')}: registries.${name}: clientCert and clientKey go together`]);
    const mirrors = entry.mirrors.map((mirror) => new URL(mirror));
    for (const mirror of mirrors) {
      if (mirror.username !== '' || mirror.password !== '' || mirror.search !== '' || mirror.hash !== '')
        throw invalid([
          `${where('mirrors')}: registries.${name}.mirrors: ${mirror.host}: an address without user, query and fragment; ` +
            `credentials come from the docker config`,
        ]);
      if (mirror.protocol === 'http:' && !isLoopback(mirror.hostname))
        throw new SlipwayError(
          'REGISTRY_INSECURE',
          `${where('mirrors')}: registries.${name}.mirrors: ${mirror.href}: plain http is allowed on loopback only; use https`,
          { details: { file, mirror: mirror.href } },
        );
    }
    const path = (relative: string): string => resolve(dirname(file), relative);
    const ca = entry.ca ?? [];
    config.set(key, {
      mirrors,
      caFiles: (typeof ca === 'string' ? [ca] : ca).map(path),
      clientCert: entry.clientCert === undefined ? undefined : path(entry.clientCert),
      clientKey: entry.clientKey === undefined ? undefined : path(entry.clientKey),
    });
  }
  return config;
};

/** Of several files, an earlier one's word about a registry counts. A file that is not there says nothing. */
export const readRegistries = async (
  files: readonly { readonly file: string; readonly needed: boolean }[],
): Promise<RegistriesConfig> => {
  const config = new Map<string, RegistryConfig>();
  for (const { file, needed } of files) {
    let text: string;
    try {
      text = await readFile(file, 'utf8');
    } catch (error) {
      const absent = error instanceof Error && 'code' in error && error.code === 'ENOENT';
      if (absent && !needed) continue;
      throw new SlipwayError('REGISTRIES_INVALID', `${file}: ${messageOf(error)}`, {
        cause: error,
        details: { file },
      });
    }
    for (const [host, entry] of parseRegistries(text, file)) if (!config.has(host)) config.set(host, entry);
  }
  return config;
};
