import type { Arch } from '@slipway/protocol';
import type { ClassFile } from '../class-file.ts';
import type { SpecDocument } from '../document.ts';
import { listed, type ImagePart } from '../image-part.ts';
import type { Finding, Spot } from './finding.ts';
import { letPass } from './let-pass.ts';
import { lintClass } from './lint-class.ts';
import { lintContainer, lintSeccomp, type LintedContainer, type Profile } from './lint-containers.ts';
import { lintFile } from './lint-files.ts';
import { lintDockerfiles, lintInputs } from './lint-inputs.ts';
import { lintCommandLine, lintKernelConfig, type KernelConfig } from './lint-kernel.ts';
import { SEVERITIES } from './rules.ts';

export type LintInput = {
  readonly parts: readonly ImagePart[];
  /** of `parts`, merged with the labels of their images */
  readonly containers: readonly LintedContainer[];
  /** whether there is a lock that pins what the files name */
  readonly isLocked: boolean;
  /** absent: an image of its own, built with LinuxKit's semantics */
  readonly deviceClass?: { readonly doc: SpecDocument; readonly value: ClassFile } | undefined;
  /** what the files of the built image show, see `lintBuilt` */
  readonly built?: readonly Finding[] | undefined;
  /** absent: the kernel is not looked at; `config` undefined: it has none */
  readonly kernel?: { readonly arch: Arch; readonly config: KernelConfig | undefined } | undefined;
};

/** Where the kernel is named, which is what its options are about. */
const kernelSpot = (parts: readonly ImagePart[]): Spot | undefined => {
  const part = parts.findLast(({ text }) => (text.kernel?.image ?? '') !== '');
  return part === undefined ? undefined : { doc: part.doc, path: ['kernel', 'image'] };
};

const lintKernel = ({ parts, kernel, deviceClass }: LintInput): Finding[] => {
  const lines = parts.flatMap(({ doc, text }) =>
    text.kernel?.cmdline === undefined
      ? []
      : [{ doc, path: ['kernel', 'cmdline'], text: text.kernel.cmdline }],
  );
  const spot = kernelSpot(parts);
  const all = [...lines.map(({ text }) => text), deviceClass?.value.cmdline ?? ''].join(' ');
  return [
    ...lines.flatMap(({ doc, path, text }) => lintCommandLine(text, { doc, path })),
    ...(kernel === undefined || spot === undefined
      ? []
      : lintKernelConfig(kernel.config, kernel.arch, all, spot)),
  ];
};

/** The worst first; within a severity by place. */
const bySeverity = (a: Finding, b: Finding): number =>
  SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
  (a.file === b.file ? a.line - b.line || a.column - b.column : a.file < b.file ? -1 : 1) ||
  (a.subject < b.subject ? -1 : a.subject > b.subject ? 1 : 0);

/** Checks an image, or a device class with its image, for what an attacker would be glad of. */
export const lintImage = (input: LintInput): Finding[] => {
  const { parts, containers, deviceClass } = input;
  const profile: Profile = deviceClass === undefined ? 'linuxkit' : 'class';
  const found = [
    ...(deviceClass === undefined ? [] : lintClass(deviceClass.doc, deviceClass.value)),
    ...containers.flatMap((container) => lintContainer(container, profile)),
    ...lintSeccomp(containers, profile),
    ...lintInputs(parts, input.isLocked),
    ...lintDockerfiles(parts),
    ...listed(parts, 'files').flatMap(lintFile),
    ...lintKernel(input),
    ...(input.built ?? []),
  ];
  const judged =
    deviceClass === undefined ? found : letPass(found, deviceClass.value.lint.allow, deviceClass.doc);
  return judged.sort(bySeverity);
};

/** Several classes share image files: each finding once, and let pass only where all of them do. */
export const mergeFindings = (all: readonly (readonly Finding[])[]): Finding[] => {
  const distinct = new Map<string, Finding>();
  for (const found of all.flat()) {
    const { code, file, line, column, subject } = found;
    const key = JSON.stringify([code, file, line, column, subject]);
    if (found.allowed === undefined || !distinct.has(key)) distinct.set(key, found);
  }
  return [...distinct.values()].sort(bySeverity);
};
