import { expect, test } from 'vitest';
import { z } from 'zod';
import type { Finding } from './finding.ts';
import { sarifProblems } from '../testing/sarif-problems.ts';
import { LINT_RULES, type LintCode } from './rules.ts';
import { makeSarif } from './sarif.ts';

/** What is looked at; whether it is SARIF, the official schema says. */
const Sarif = z.object({
  runs: z.tuple([
    z.object({
      tool: z.object({ driver: z.object({ rules: z.array(z.object({ id: z.string() })) }) }),
      results: z.array(
        z.object({
          ruleId: z.string(),
          ruleIndex: z.int(),
          level: z.string(),
          locations: z.tuple([
            z.object({
              physicalLocation: z.object({
                artifactLocation: z.object({ uri: z.string() }),
                region: z.object({ startLine: z.int(), startColumn: z.int() }),
              }),
            }),
          ]),
          partialFingerprints: z.record(z.string(), z.string()),
          suppressions: z.array(z.object({ kind: z.string(), justification: z.string() })).optional(),
        }),
      ),
    }),
  ]),
});

const found = (more: Partial<Finding>): Finding => ({
  code: 'HOST_NETWORK',
  severity: 'warning',
  file: 'edge.yml',
  line: 3,
  column: 5,
  key: 'services[0].net',
  subject: 'services.web',
  message: 'services web has the network of the machine',
  mend: 'Set `net: new`.',
  ...more,
});

const logOf = (...findings: Finding[]): unknown => JSON.parse(JSON.stringify(makeSarif(findings, '0.1.0')));

const resultsOf = (...findings: Finding[]) => {
  const log = logOf(...findings);
  expect(sarifProblems(log)).toEqual([]);
  const [{ tool, results }] = Sarif.parse(log).runs;
  return { rules: tool.driver.rules, results };
};

test('the official schema takes a log without findings, and one with every code, let pass or not', () => {
  expect(resultsOf().results).toEqual([]);
  const codes = Object.keys(LINT_RULES).filter((code): code is LintCode => code in LINT_RULES);
  const { results } = resultsOf(
    ...codes.flatMap((code) => {
      const { severity, mend } = LINT_RULES[code];
      return [found({ code, severity, mend }), found({ code, severity, mend, allowed: 'it serves' })];
    }),
  );
  expect(results).toHaveLength(2 * codes.length);
});

const REGION = '/runs/0/results/0/locations/0/physicalLocation/region';
test.each<[string, object, string]>([
  ['a line that is none', makeSarif([found({ line: 0 })], '0.1.0'), `${REGION}/startLine must be >= 1`],
  ['a column that is none', makeSarif([found({ column: 0 })], '0.1.0'), `${REGION}/startColumn must be >= 1`],
  ['an old version', { ...makeSarif([], '0.1.0'), version: '2.0.0' }, '/version must be equal'],
  ['a word of our own', { ...makeSarif([], '0.1.0'), findings: [] }, ' must NOT have additional'],
])('the official schema does not take %s', (_title, log, problem) => {
  expect(sarifProblems(log)).toEqual([expect.stringContaining(problem)]);
});

test('every code is a rule, and a result points at its own', () => {
  const { rules, results } = resultsOf(found({}), found({ code: 'HOST_PID', severity: 'error', key: '' }));
  expect(rules.map(({ id }) => id)).toEqual(Object.keys(LINT_RULES));
  for (const { ruleId, ruleIndex } of results) expect(rules[ruleIndex]?.id).toBe(ruleId);
  expect(results[0]).toMatchObject({
    level: 'warning',
    locations: [
      {
        physicalLocation: { artifactLocation: { uri: 'edge.yml' }, region: { startLine: 3, startColumn: 5 } },
      },
    ],
  });
});

test.each([
  ['my images/edge #1?.yml', 'my%20images/edge%20%231%3F.yml'],
  ['/srv/edge.yml', 'file:///srv/edge.yml'],
  ['../edge.yml', '../edge.yml'],
])('the file %s is the reference %s', (file, uri) => {
  const { results } = resultsOf(found({ file }));
  expect(results[0]?.locations[0].physicalLocation.artifactLocation.uri).toBe(uri);
});

test('what is let pass is there, suppressed with its reason', () => {
  const { results } = resultsOf(found({ allowed: 'it serves' }), found({}));
  expect(results.map(({ suppressions }) => suppressions)).toEqual([
    [{ kind: 'external', justification: 'it serves' }],
    undefined,
  ]);
});

test('a result is known again when lines move, and told from others', () => {
  const { results } = resultsOf(found({}), found({ line: 70 }), found({ subject: 'services.db' }));
  const [a, moved, other] = results.map(({ partialFingerprints }) => partialFingerprints);
  expect(moved).toEqual(a);
  expect(other).not.toEqual(a);
});
