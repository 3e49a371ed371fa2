import type { SpecDocument } from '../document.ts';
import type { Allowance, Baseline } from './allowances.ts';
import { finding, type Finding } from './finding.ts';

const isMeant = ({ code, subject }: Allowance, found: Finding): boolean =>
  code === found.code && (subject === undefined || subject === found.subject);

/**
 * Marks what the class file lets pass, with the reason; entries that match nothing are findings themselves.
 *
 * @param doc the class file
 */
export const letPass = (
  findings: readonly Finding[],
  allow: readonly Allowance[],
  doc: SpecDocument,
): Finding[] => [
  ...findings.map((found) => {
    const entry = allow.find((one) => isMeant(one, found));
    return entry === undefined || found.allowed !== undefined ? found : { ...found, allowed: entry.reason };
  }),
  ...allow.flatMap((entry, index) =>
    findings.some((found) => isMeant(entry, found))
      ? []
      : [
          finding(
            'ALLOWANCE_UNUSED',
            { doc, path: ['lint', 'allow', index] },
            `lint.allow.${entry.code}`,
            `nothing is found any more that ${entry.code}${entry.subject === undefined ? '' : ` of ${entry.subject}`} lets pass`,
          ),
        ],
  ),
];

const IN_BASELINE = 'in the baseline';

/** Marks what was there before. */
export const letPassBaseline = (findings: readonly Finding[], { findings: known }: Baseline): Finding[] => {
  const keys = new Set(known.map(({ code, subject }) => `${code} ${subject}`));
  return findings.map((found) =>
    found.allowed === undefined && keys.has(`${found.code} ${found.subject}`)
      ? { ...found, allowed: IN_BASELINE }
      : found,
  );
};

/** All that is found now and not let pass, each subject once. */
export const baselineOf = (findings: readonly Finding[]): Baseline => {
  const open = findings.filter(({ allowed }) => allowed === undefined || allowed === IN_BASELINE);
  const keyed = new Map(open.map(({ code, subject }) => [`${code} ${subject}`, { code, subject }]));
  return { v: 1, findings: [...keyed.keys()].sort().flatMap((key) => keyed.get(key) ?? []) };
};
