import type { Tree } from '@slipway/components';
import { textAt } from './resolve-path.ts';

const CONFIG_PATH = /^boot\/config-[^/]+$/;
/** By which a kernel loads nothing that is not signed, whatever else it finds. */
const FORCED = /^CONFIG_(?:MODULE_SIG_FORCE|LOCK_DOWN_KERNEL_FORCE_(?:INTEGRITY|CONFIDENTIALITY))=y$/m;
const ASKED = /^(?:module\.sig_enforce|lockdown=|fips=)/;

/**
 * Whether the kernel may ask for signatures of modules: under Secure Boot, by its configuration or its command line, or by
 * what nobody can tell. Where not, checking them is a third of a start and proves nothing: what an image loads lies in
 * its UKI and its verified root.
 *
 * @param kernel files of its component
 */
export const needSignedModules = (kernel: Tree, secureBoot: boolean, commandLine: string): boolean => {
  const path = [...kernel.keys()].find((name) => CONFIG_PATH.test(name));
  return (
    secureBoot ||
    path === undefined ||
    FORCED.test(textAt(kernel, path)) ||
    commandLine.split(/\s+/).some((word) => ASKED.test(word))
  );
};
