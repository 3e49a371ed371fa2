import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Writes `rules.ts` from the time zones of this machine (Debian's tzdata): `node packages/image-spec/src/zones/write.ts`,
 * whenever governments have changed theirs. Checked in, so that an image is the same wherever it is built.
 */
const ZONES = '/usr/share/zoneinfo';

/** Zones, and the names that link to them. */
const namesIn = (text: string): string[] =>
  text.split('\n').flatMap((line) => {
    const [kind, first, second] = line.split(' ');
    if (kind === 'Z') return [first ?? ''];
    return kind === 'L' ? [second ?? ''] : [];
  });

/** The rule for all times to come, which stands in the last line of a zone's file. */
const ruleOf = async (name: string): Promise<string> =>
  (await readFile(join(ZONES, name), 'latin1')).trimEnd().split('\n').at(-1) ?? '';

const data = await readFile(join(ZONES, 'tzdata.zi'), 'utf8');
const rules = new Map<string, string[]>();
for (const name of namesIn(data).sort()) {
  // Without a place it is a rule of its own already, but for the one that everybody knows.
  if (!name.includes('/') && name !== 'UTC') continue;
  const rule = await ruleOf(name);
  rules.set(rule, [...(rules.get(rule) ?? []), name]);
}
const lines = [...rules]
  .sort(([one], [other]) => (one < other ? -1 : 1))
  .map(([rule, names]) => `  [${JSON.stringify(rule)}, ${JSON.stringify(names.join(' '))}],`);
await writeFile(
  join(import.meta.dirname, 'rules.ts'),
  [
    `/** Rules of POSIX, and the zones that have each from now on; made by write.ts of tzdata ${data.split('\n')[0]?.replace('# version ', '') ?? ''}. */`,
    'export const ZONE_RULES: readonly (readonly [rule: string, names: string])[] = [',
    ...lines,
    '];',
    '',
  ].join('\n'),
);
