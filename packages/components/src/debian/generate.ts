import { GENERATE_RULES, type GenerateRule, type PackageSet } from '@slipway/image-spec';
import { SlipwayError, type Arch } from '@slipway/protocol';
import { createGlob } from '../glob.ts';
import type { LayeredTree } from '../layered-tree.ts';
import type { TarEntry } from '../tar-reader.ts';
import { caCertificates } from './generate/ca-certificates.ts';
import { ldCache } from './generate/ld-cache.ts';
import type { Rule, Scene } from './generate/scene.ts';
import { shells } from './generate/shells.ts';
import { users } from './generate/users.ts';
import { symlinkEntry } from './made-entry.ts';

const RULES = {
  'ca-certificates': caCertificates,
  'ld-cache': ldCache,
  shells,
  users,
} as const satisfies Record<GenerateRule, Rule>;

/** The two links that update-alternatives(1) makes for a name. */
const alternativeLinks = (
  alternatives: NonNullable<PackageSet['alternatives']>,
  { entries, kept }: Scene,
  ref: string,
): TarEntry[] =>
  Object.entries(alternatives).flatMap(([name, path]) => {
    const target = entries.get(path);
    if (target === undefined || !kept.has(path))
      throw new SlipwayError(
        'COMPONENT_INVALID',
        `${ref}: alternatives: expected ${path} for ${name} among the files that stay, found none; install the package that brings it, or name its path below usr`,
        { details: { component: ref, entry: path } },
      );
    const middle = `etc/alternatives/${name.slice(name.lastIndexOf('/') + 1)}`;
    return [symlinkEntry(middle, `/${path}`, target.mtime), symlinkEntry(name, `/${middle}`, target.mtime)];
  });

const keep = (kept: Set<string>, path: string): void => {
  for (let at = path; at !== '' && !kept.has(at); at = at.slice(0, Math.max(0, at.lastIndexOf('/'))))
    kept.add(at);
};

/**
 * Puts into a tree what the packages' scripts would have made, by the rules of the set.
 *
 * @param kept paths of what stays of the tree; gains what is made
 * @throws {SlipwayError} COMPONENT_INVALID if a rule was asked for and the packages lack what it needs
 */
export const addGenerated = (
  tree: LayeredTree,
  kept: Set<string>,
  set: Pick<PackageSet, 'generate' | 'alternatives' | 'include' | 'exclude'>,
  { ref, arch }: { readonly ref: string; readonly arch: Arch },
): void => {
  const isExcluded = createGlob(set.exclude ?? []);
  const add = (entries: readonly TarEntry[], rule: string): void => {
    const wanted = entries.filter(({ name }) => !isExcluded(name));
    tree.apply(wanted, { source: `${ref} ${rule}`, whiteouts: false, keepDirectorySymlinks: true });
    for (const { name } of wanted) keep(kept, name);
  };
  const scene = (): Scene => ({ entries: tree.entries(), kept, arch });
  if (set.alternatives !== undefined) add(alternativeLinks(set.alternatives, scene(), ref), 'alternatives');
  const rules = set.generate ?? (set.include === undefined ? GENERATE_RULES : []);
  for (const name of GENERATE_RULES.filter((rule) => rules.includes(rule))) {
    const rule: Rule = RULES[name];
    const entries = rule.make(scene());
    if (entries !== undefined) add(entries, `generate ${name}`);
    else if (set.generate !== undefined)
      throw new SlipwayError('COMPONENT_INVALID', `${ref}: generate ${name}: expected ${rule.needs}`, {
        details: { component: ref, rule: name },
      });
  }
};
