import { Arch } from '@slipway/protocol';
import type { Lock } from './lock-file.ts';

/** One thing that two locks say differently; `was` or `is` is missing if only one of them has it. */
export type LockChange = {
  readonly kind: 'image' | 'package' | 'npm';
  readonly arch: Arch;
  /** the package set that a package is of */
  readonly set?: string;
  /** reference of an image, name of a package */
  readonly name: string;
  /** digest of an image, version of a package, followed by its digest if only that differs */
  readonly was?: string;
  readonly is?: string;
};

type Fact = Omit<LockChange, 'was' | 'is'> & { readonly shown: string; readonly digest: string };

const factsOf = (lock: Lock): Map<string, Fact> => {
  const facts: Fact[] = [];
  for (const arch of Arch.options) {
    for (const [name, { platforms }] of Object.entries(lock.images)) {
      const digest = platforms[arch];
      if (digest !== undefined) facts.push({ kind: 'image', arch, name, shown: digest, digest });
    }
    for (const [set, { packages }] of Object.entries(lock.debian[arch] ?? {}))
      for (const { name, version, digest } of packages)
        facts.push({ kind: 'package', arch, set, name, shown: version, digest });
    for (const [name, { version, integrity }] of Object.entries(lock.npm[arch] ?? {}))
      facts.push({ kind: 'npm', arch, name, shown: version, digest: integrity });
  }
  return new Map(facts.map((fact) => [[fact.kind, fact.arch, fact.set ?? '', fact.name].join('\n'), fact]));
};

/**
 * What changed from one lock to another.
 *
 * @returns sorted by kind, architecture, set and name
 */
export const diffLocks = (before: Lock, after: Lock): LockChange[] => {
  const [old, fresh] = [factsOf(before), factsOf(after)];
  const keys = [...new Set([...old.keys(), ...fresh.keys()])].sort((a, b) => (a < b ? -1 : 1));
  return keys.flatMap((key): LockChange[] => {
    const [was, is] = [old.get(key), fresh.get(key)];
    const { kind, arch, set, name } = is ?? was ?? { kind: 'image', arch: 'amd64', name: key };
    if (was?.shown === is?.shown && was?.digest === is?.digest) return [];
    const needsDigest = was?.shown === is?.shown;
    const show = (fact: Fact): string => (needsDigest ? `${fact.shown} ${fact.digest}` : fact.shown);
    return [
      {
        kind,
        arch,
        ...(set === undefined ? {} : { set }),
        name,
        ...(was === undefined ? {} : { was: show(was) }),
        ...(is === undefined ? {} : { is: show(is) }),
      },
    ];
  });
};
