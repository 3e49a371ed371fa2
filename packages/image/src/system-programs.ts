import type { Component, Origin, Tree } from '@slipway/components';
import type { ImageFile } from '@slipway/image-spec';
import { elfClosure } from './elf-closure.ts';
import { mergeTrees } from './merge-trees.ts';

/** What init, containers, the data partition and its repair need. */
const PROGRAMS = [
  'usr/bin/busybox',
  'usr/bin/crun',
  'usr/sbin/e2fsck',
  'usr/sbin/mke2fs',
  'usr/sbin/mkfs.ext4',
];
/** `chattr`: boot variables are immutable until told otherwise. */
const AGENT_PROGRAMS = ['usr/bin/openssl', 'usr/bin/chattr'];
const RUNTIME_PROGRAM = { quickjs: 'usr/bin/qjs', node: 'usr/bin/node' } as const;
/** Read by those programs, where the packages bring it. */
const CONFIGURATION = ['etc/mke2fs.conf', 'etc/ssl/openssl.cnf', 'usr/lib/ssl/openssl.cnf'];

const keyOf = ({ type, name, version }: Origin): string => `${type}:${name}@${version}`;

const withParents = (paths: ReadonlySet<string>): Set<string> => {
  const all = new Set<string>();
  for (const path of paths)
    for (let at = path; at !== '' && !all.has(at); at = at.slice(0, Math.max(0, at.lastIndexOf('/'))))
      all.add(at);
  return all;
};

/**
 * The system as one component with nothing but the programs that run on a device and the libraries they load: of the
 * packages that bring them most files are never read there. Origins are those of the files that stay, so that the bill of
 * materials lists what is in the image and nothing else.
 *
 * @throws {SlipwayError} COMPONENT_INVALID if a program is missing
 */
export const systemPrograms = (
  components: readonly [Component, ...Component[]],
  { agent }: Pick<ImageFile, 'agent'>,
): Component => {
  const [first] = components;
  const whole = mergeTrees(components.map(({ tree }) => tree));
  const programs = agent.enabled
    ? [...PROGRAMS, ...AGENT_PROGRAMS, RUNTIME_PROGRAM[agent.runtime]]
    : PROGRAMS;
  const files = elfClosure(whole, programs);
  for (const path of CONFIGURATION) if (whole.has(path)) files.add(path);
  const kept = withParents(files);
  const tree: Tree = new Map([...whole].filter(([path]) => kept.has(path)));
  const sources = new Set([...files].map((path) => whole.get(path)?.source));
  return {
    ...first,
    tree,
    origins: components.flatMap(({ origins }) => origins.filter((origin) => sources.has(keyOf(origin)))),
    licenseTexts: mergeTrees(components.map(({ licenseTexts }) => licenseTexts ?? new Map())),
  };
};
