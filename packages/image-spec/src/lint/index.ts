/**
 * `slipway lint`: image and class files against a security profile. Reads nothing itself: labels of images and the
 * configuration of the kernel are given to it.
 */
export { Allowance, Baseline } from './allowances.ts';
export type { Finding } from './finding.ts';
export { KERNEL_OPTIONS } from './kernel-options.ts';
export { baselineOf, letPassBaseline } from './let-pass.ts';
export type { LintedContainer } from './lint-containers.ts';
export { lintBuilt } from './lint-built.ts';
export { lintImage, mergeFindings, type LintInput } from './lint-image.ts';
export { mergedContainers, type ImageFacts } from './merged-containers.ts';
export { parseKernelConfig, type KernelConfig } from './lint-kernel.ts';
export { LINT_RULES, SEVERITIES, type LintCode, type Severity } from './rules.ts';
export { makeSarif } from './sarif.ts';
