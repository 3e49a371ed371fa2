import type { Tree, TreeEntry } from '@slipway/components';
import { ARCHITECTURES, SlipwayError, type Arch } from '@slipway/protocol';
import { fileAt } from './resolve-path.ts';

/**
 * Finds the kernel in its component.
 *
 * @param binary path the image file gives; absent: `kernel`, or the only `boot/vmlinuz-*`
 * @throws {SlipwayError} COMPONENT_INVALID
 */
export const kernelFile = (
  tree: Tree,
  binary: string | undefined,
  ref: string,
): Extract<TreeEntry, { type: 'file' }> => {
  const candidates =
    binary !== undefined
      ? [binary.replace(/^\/+/, '')]
      : tree.has('kernel')
        ? ['kernel']
        : [...tree.keys()].filter((path) => /^boot\/vmlinu[xz]-[^/]+$/.test(path));
  const [path, ...others] = candidates;
  const file = path === undefined || others.length > 0 ? undefined : fileAt(tree, path);
  if (file === undefined)
    throw new SlipwayError(
      'COMPONENT_INVALID',
      `kernel ${ref}: expected ${binary ?? '/kernel or one /boot/vmlinuz-*'}, found ${candidates.join(', ') || 'none'}; name it by kernel.binary`,
    );
  return file;
};

/** Beginnings that take a tenth of a second of a small processor each, and that nothing on a device asks for. */
const SKIPPED = [
  // random numbers from jitter, which only FIPS asks for
  'jent_mod_init',
  // tracing of the kernel by people
  'init_kprobe_trace',
  'trace_eval_init',
  // which functions have been replaced, that nobody traces them
  'ftrace_check_for_weak_functions',
];
/** The keys that signatures of modules are checked with. */
const SKIPPED_UNSIGNED = ['load_system_certificate_list'];

/** What a start does without; a word of the same name that is given holds instead, `initcall_blacklist=none` for all of it. */
const leftOut = (own: readonly string[], areSigned: boolean): string[] => {
  const isGiven = (name: string) => own.some((word) => word.split('=')[0] === name);
  if (isGiven('fips')) return [];
  const skipped = [...SKIPPED, ...(areSigned ? [] : SKIPPED_UNSIGNED)];
  return [
    // Half a second of known answers to every cipher; one that is wrong shows where it is used, in the root that does not verify.
    ...(isGiven('cryptomgr.notests') ? [] : ['cryptomgr.notests']),
    ...(isGiven('initcall_blacklist') ? [] : [`initcall_blacklist=${skipped.join(',')}`]),
  ];
};

/**
 * The command line that is measured and signed with the UKI. A kernel that panics restarts, so that a trial ends on the
 * old slot; only errors reach a slow serial line.
 */
export const kernelCommandLine = (
  arch: Arch,
  { rootHash, dataBlocks }: { readonly rootHash: string; readonly dataBlocks: number },
  texts: readonly string[],
  areModulesSigned: boolean,
): string => {
  const own = texts.flatMap((text) => text.split(/\s+/)).filter((word) => word !== '');
  return [
    ...(own.some((word) => word.startsWith('console=')) ? [] : [`console=${ARCHITECTURES[arch].console}`]),
    'panic=1',
    'quiet',
    'loglevel=4',
    ...leftOut(own, areModulesSigned),
    ...own,
    `slipway.roothash=${rootHash}`,
    `slipway.blocks=${dataBlocks}`,
  ].join(' ');
};
