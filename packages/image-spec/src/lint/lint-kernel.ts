import type { Arch } from '@slipway/protocol';
import { finding, type Finding, type Spot } from './finding.ts';
import { KERNEL_OPTIONS, type KernelOption } from './kernel-options.ts';

/** Options of a kernel by name, without `CONFIG_`; what is not set is not in it. */
export type KernelConfig = ReadonlyMap<string, string>;

/** Reads a `.config`, as it lies in `/boot/config-…`. */
export const parseKernelConfig = (text: string): KernelConfig =>
  new Map(
    [...text.matchAll(/^CONFIG_([A-Za-z0-9_]+)=(.*)$/gm)].flatMap(([, name, value]) =>
      name === undefined || value === undefined || value === 'n' ? [] : [[name, value] as const],
    ),
  );

/** An option that is there; `!NAME`: one that is not. */
const holds = (config: KernelConfig, condition: string): boolean =>
  condition.startsWith('!') ? !config.has(condition.slice(1)) : config.has(condition);

const isMet = (
  { name, wanted, or, word }: KernelOption,
  config: KernelConfig,
  words: ReadonlySet<string>,
): boolean => {
  if (or !== undefined && holds(config, or)) return true;
  if (word !== undefined && words.has(word)) return true;
  const value = config.get(name);
  if (wanted === 'y') return value !== undefined;
  if (wanted === 'n') return value === undefined;
  return Number(value ?? 0) >= wanted;
};

const wordsOf = (cmdline: string): Set<string> => new Set(cmdline.split(/\s+/).filter((word) => word !== ''));

/**
 * Options of the kernel against what is recommended.
 *
 * @param config absent: the kernel's component has none
 * @param cmdline of the image files and the class
 */
export const lintKernelConfig = (
  config: KernelConfig | undefined,
  arch: Arch,
  cmdline: string,
  spot: Spot,
): Finding[] => {
  if (config === undefined)
    return [finding('KERNEL_CONFIG_UNKNOWN', spot, 'kernel', 'the kernel comes without its configuration')];
  const words = wordsOf(cmdline);
  return KERNEL_OPTIONS.filter(
    (option) => (option.arch === undefined || option.arch === arch) && !isMet(option, config, words),
  ).map(({ name, wanted, why, word }) => {
    const instead = word === undefined ? '' : `; ${word} on the command line does as well`;
    const found = config.get(name);
    return wanted === 'n'
      ? finding('KERNEL_OPTION_RISKY', spot, `CONFIG_${name}`, `has CONFIG_${name}: ${why}${instead}`)
      : finding(
          'KERNEL_OPTION_MISSING',
          spot,
          `CONFIG_${name}`,
          typeof wanted === 'number'
            ? `has CONFIG_${name}=${found ?? '0'}, which is below ${wanted}: ${why}${instead}`
            : `lacks CONFIG_${name}: ${why}${instead}`,
        );
  });
};

/** Words that take away what the kernel has. */
const WEAKENING =
  /^(?:mitigations=off|nokaslr|nosmep|nosmap|nopti|pti=off|nospectre_v[12]|spectre_v2=off|spec_store_bypass_disable=off|mds=off|l1tf=off|tsx_async_abort=off|kpti=(?:0|off)|nopku|noexec=off|init_on_(?:alloc|free)=0|randomize_kstack_offset=(?:off|0)|slab_merge|hardened_usercopy=off|page_poison=0|vsyscall=(?:emulate|xonly)|iommu=off|lockdown=none|module\.sig_enforce=0|apparmor=0|selinux=0|security=none|norandmaps|dm_verity\.require_signatures=0|ima_appraise=off)$/;

export const lintCommandLine = (cmdline: string, spot: Spot): Finding[] =>
  [...wordsOf(cmdline)]
    .filter((word) => WEAKENING.test(word))
    .map((word) => finding('CMDLINE_WEAKENS', spot, word, `the kernel is started with ${word}`));
