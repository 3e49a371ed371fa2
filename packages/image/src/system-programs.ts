import type { Component, Origin, Tree } from '@slipway/components';
import { CRYPTO_PROGRAM, cryptoProgram } from '@slipway/device-crypto';
import type { ImageFile } from '@slipway/image-spec';
import type { Arch } from '@slipway/protocol';
import { elfClosure, libraryFolder } from './elf-closure.ts';
import { elfImports } from './elf-imports.ts';
import { mergeTrees } from './merge-trees.ts';
import { bytesAt } from './resolve-path.ts';
import { hasStandIns, standInLibrary } from './stand-in-library.ts';
import { putFile } from './tree-edit.ts';

/** What init, containers, the data partition and its repair need. */
const PROGRAMS = [
  'usr/bin/busybox',
  'usr/bin/crun',
  'usr/sbin/e2fsck',
  'usr/sbin/mke2fs',
  'usr/sbin/mkfs.ext4',
];
/** `chattr`: boot variables are immutable until told otherwise; `fsck.fat`: the ESP keeps no journal. */
const AGENT_PROGRAMS = ['usr/bin/chattr', 'usr/sbin/fsck.fat'];
const CRYPTO_PATH = `usr/bin/${CRYPTO_PROGRAM}`;
const RUNTIME_PROGRAMS = {
  quickjs: ['usr/bin/qjs', CRYPTO_PATH],
  node: ['usr/bin/node', 'usr/bin/openssl'],
} as const;
/** Read by those programs, where the packages bring it. */
const CONFIGURATION = ['etc/mke2fs.conf', 'etc/ssl/openssl.cnf', 'usr/lib/ssl/openssl.cnf'];

/**
 * Libraries that a program is linked with for what it never does on a device. One that refuses takes their place, which
 * weighs 2 KB: systemd's, of which crun has another way of making control groups; and those by which OpenSSL, for the
 * agent on Node, would unpack messages and certificates, of which it gets none that are packed.
 */
const REFUSED: readonly { readonly by: RegExp; readonly library: string; readonly pointers: RegExp }[] = [
  { by: /^usr\/bin\/crun$/, library: 'libsystemd.so.0', pointers: /_unref$/ },
  { by: /\/libcrypto\.so\.3$/, library: 'libzstd.so.1', pointers: /^ZSTD_(?:create|getErrorName)/ },
  { by: /\/libcrypto\.so\.3$/, library: 'libz.so.1', pointers: /^zError$/ },
];

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
  arch: Arch,
): Component => {
  const [first] = components;
  const whole = mergeTrees(components.map(({ tree }) => tree));
  if (agent.enabled && agent.runtime === 'quickjs')
    putFile(whole, CRYPTO_PATH, cryptoProgram(arch), { mode: 0o755 });
  const programs = agent.enabled
    ? [...PROGRAMS, ...AGENT_PROGRAMS, ...RUNTIME_PROGRAMS[agent.runtime]]
    : PROGRAMS;
  const refused: { readonly library: string; readonly by: string; readonly pointers: RegExp }[] = [];
  const files = elfClosure(whole, programs, (library, by) => {
    const entry = hasStandIns(arch)
      ? REFUSED.find((one) => one.library === library && one.by.test(by))
      : undefined;
    if (entry !== undefined) refused.push({ ...entry, by });
    return entry !== undefined;
  });
  for (const path of CONFIGURATION) if (whole.has(path)) files.add(path);
  const kept = withParents(files);
  const tree: Tree = new Map([...whole].filter(([path]) => kept.has(path)));
  for (const { library, by, pointers } of refused) {
    // Where everything else is that came with the program; where another program needs the real one, that stays.
    const path = `${libraryFolder(whole, library)}/${library}`;
    if (tree.has(path)) continue;
    const imports = elfImports(
      bytesAt(whole, by) ?? new Uint8Array(),
      library,
      bytesAt(whole, path) ?? new Uint8Array(),
    );
    const resultOf = (name: string) => (pointers.test(name) ? 'pointer' : 'number');
    putFile(tree, path, standInLibrary(arch, library, imports, resultOf));
  }
  const sources = new Set([...files].map((path) => whole.get(path)?.source));
  return {
    ...first,
    tree,
    origins: components.flatMap(({ origins }) => origins.filter((origin) => sources.has(keyOf(origin)))),
    licenseTexts: mergeTrees(components.map(({ licenseTexts }) => licenseTexts ?? new Map())),
  };
};
