import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { readContent, type Lineage, type Tree, type TreeEntry } from '@slipway/components';
import { SlipwayError } from '@slipway/protocol';
import { elfSection } from './elf.ts';
import { withoutSignature } from './module-signature.ts';
import { textAt } from './resolve-path.ts';
import { runTool } from './tool.ts';

/** A kernel module, uncompressed, ready to be inserted. */
export type KernelModule = {
  readonly name: string;
  readonly depends: readonly string[];
  /** names by which the kernel and `modprobe` ask for it besides its own; may hold `*` */
  readonly aliases: readonly string[];
  readonly content: Uint8Array;
  /** whose it is */
  readonly from: Lineage;
};

export type KernelModules = {
  /** release of the kernel, the name of the directory below `lib/modules` */
  readonly release: string;
  /**
   * The modules asked for and everything they need, each after what it depends on. Names the kernel has built in or
   * does not have at all are left out: which drivers exist differs between kernels.
   *
   * @throws {SlipwayError} COMPONENT_INVALID if a module needs one that is not there
   */
  readonly closure: (names: readonly string[]) => Promise<KernelModule[]>;
  /**
   * For names that somebody wrote down: a module, or something the kernel has built in.
   *
   * @throws {SlipwayError} SPEC_INVALID
   */
  readonly requireAll: (names: readonly string[], key: string) => void;
};

const MODULE_PATH = /^(?:usr\/)?lib\/modules\/([^/]+)\/(.*\/)?([^/]+)\.ko(?:\.(xz|zst|gz))?$/;

const BUILT_IN_PATH = /^(?:usr\/)?lib\/modules\/[^/]+\/modules\.builtin$/;

/** The kernel takes `-` and `_` for the same in names of modules. */
const canonical = (name: string) => name.replaceAll('-', '_');

const decompress = async (content: Uint8Array, kind: string | undefined): Promise<Uint8Array> => {
  switch (kind) {
    case 'xz':
      return await runTool('xz', ['-dc'], { stdin: [content] });
    case 'zst':
      return zstdDecompressSync(content);
    case 'gz':
      return gunzipSync(content);
    case undefined:
    default:
      return content;
  }
};

const modinfo = (content: Uint8Array): Map<string, string[]> => {
  const fields = new Map<string, string[]>();
  for (const line of elfSection(content, '.modinfo')?.toString('latin1').split('\0') ?? []) {
    const at = line.indexOf('=');
    if (at < 0) continue;
    const key = line.slice(0, at);
    fields.set(key, [...(fields.get(key) ?? []), line.slice(at + 1)]);
  }
  return fields;
};

/** Whether a tree has modules of any kernel. */
export const hasKernelModules = (tree: Tree): boolean =>
  [...tree.keys()].some((path) => MODULE_PATH.test(path));

const lineageOf = ({ source, part, layer }: TreeEntry): Lineage => ({ source, part, layer });

const words = (value: string, separator: RegExp) => value.split(separator).filter((word) => word !== '');

/** What must be loaded before: `depends`, and the `pre:` part of soft dependencies, which may be missing; other names. */
const dependencies = (content: Uint8Array) => {
  const info = modinfo(content);
  return {
    hard: (info.get('depends') ?? []).flatMap((value) => words(value, /,/)).map(canonical),
    aliases: info.get('alias') ?? [],
    soft: (info.get('softdep') ?? [])
      .flatMap((value) => words(/pre:([^:]*?)(?:\bpost:|$)/.exec(value)?.[1] ?? '', /\s+/))
      .map(canonical),
  };
};

/**
 * Reads the modules of a kernel component.
 *
 * @param areSigned whether they keep their signatures
 * @throws {SlipwayError} COMPONENT_INVALID if it holds the modules of no kernel or of several
 */
export const kernelModules = (tree: Tree, areSigned = true): KernelModules => {
  const prepare = (content: Uint8Array) => (areSigned ? content : withoutSignature(content));
  type File = Extract<TreeEntry, { type: 'file' }>;
  const files = new Map<string, { entry: File; compression: string | undefined }>();
  const releases = new Set<string>();
  const builtIn = new Set<string>();
  for (const entry of tree.values()) {
    const match = MODULE_PATH.exec(entry.path);
    if (BUILT_IN_PATH.test(entry.path))
      for (const path of textAt(tree, entry.path).split('\n'))
        builtIn.add(canonical(path.replace(/^.*\/|\.ko$/g, '')));
    if (match === null || entry.type !== 'file') continue;
    releases.add(match[1] ?? '');
    files.set(canonical(match[3] ?? ''), { entry, compression: match[4] });
  }
  const [release, ...others] = releases;
  if (release === undefined || others.length > 0)
    throw new SlipwayError(
      'COMPONENT_INVALID',
      `expected a kernel with the modules of one release below lib/modules, found ${releases.size === 0 ? 'none' : [...releases].join(', ')}`,
    );
  const loaded = new Map<string, KernelModule>();
  const requireAll = (names: readonly string[], key: string): void => {
    const unknown = names.filter((name) => !files.has(canonical(name)) && !builtIn.has(canonical(name)));
    if (unknown.length > 0)
      throw new SlipwayError(
        'SPEC_INVALID',
        `${key}: kernel ${release} has no module ${unknown.join(', ')}; take it out, or use a kernel that has it`,
        { details: { key, found: unknown } },
      );
  };

  const closure = async (names: readonly string[]): Promise<KernelModule[]> => {
    const order = new Map<string, KernelModule>();
    const visit = async (name: string, wantedBy: string | undefined): Promise<void> => {
      if (order.has(name)) return;
      const known = loaded.get(name);
      const file = files.get(name);
      if (file === undefined) {
        if (wantedBy === undefined) return;
        throw new SlipwayError(
          'COMPONENT_INVALID',
          `kernel ${release}: module ${wantedBy} depends on ${name}, which the kernel component lacks`,
        );
      }
      const content =
        known?.content ?? prepare(await decompress(readContent(file.entry.content), file.compression));
      const { hard, soft, aliases } = dependencies(content);
      for (const dependency of soft) await visit(dependency, undefined);
      for (const dependency of hard) await visit(dependency, name);
      const module = known ?? { name, depends: hard, aliases, content, from: lineageOf(file.entry) };
      loaded.set(name, module);
      order.set(name, module);
    };
    for (const name of names) await visit(canonical(name), undefined);
    return [...order.values()];
  };
  return { release, closure, requireAll };
};
