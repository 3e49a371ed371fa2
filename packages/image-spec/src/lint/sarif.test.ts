import { expect, test } from 'vitest';
import { z } from 'zod';
import type { Finding } from './finding.ts';
import { LINT_RULES } from './rules.ts';
import { makeSarif } from './sarif.ts';

const message = z.strictObject({ text: z.string().min(1) });
const level = z.enum(['none', 'note', 'warning', 'error']);

/**
 * What SARIF 2.1.0 says of the parts that are written, strict so that nothing else slips in: required properties, forms of
 * values and closed lists as sections 3.13 to 3.59 have them.
 */
const Sarif = z.strictObject({
  $schema: z.url(),
  version: z.literal('2.1.0'),
  runs: z.array(
    z.strictObject({
      tool: z.strictObject({
        driver: z.strictObject({
          name: z.string().min(1),
          version: z.string(),
          rules: z.array(
            z.strictObject({
              id: z.string().min(1),
              shortDescription: message,
              help: message,
              defaultConfiguration: z.strictObject({ level }),
            }),
          ),
        }),
      }),
      columnKind: z.enum(['utf16CodeUnits', 'unicodeCodePoints']),
      results: z.array(
        z.strictObject({
          ruleId: z.string(),
          ruleIndex: z.int().min(0),
          level,
          message,
          locations: z
            .array(
              z.strictObject({
                physicalLocation: z.strictObject({
                  artifactLocation: z.strictObject({ uri: z.string().regex(/^[^\s#?[\]<>"{}|\\^`]+$/) }),
                  region: z.strictObject({ startLine: z.int().min(1), startColumn: z.int().min(1) }),
                }),
                logicalLocations: z.array(z.strictObject({ fullyQualifiedName: z.string().min(1) })),
              }),
            )
            .min(1),
          partialFingerprints: z.record(z.string(), z.string()),
          suppressions: z
            .array(z.strictObject({ kind: z.enum(['inSource', 'external']), justification: z.string() }))
            .optional(),
        }),
      ),
    }),
  ),
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

const resultsOf = (...findings: Finding[]) => {
  const written = Sarif.parse(JSON.parse(JSON.stringify(makeSarif(findings, '0.1.0'))));
  const [run] = written.runs;
  if (run === undefined) throw new Error('expected a run');
  return { rules: run.tool.driver.rules, results: run.results };
};

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
  expect(results[0]?.locations[0]?.physicalLocation.artifactLocation.uri).toBe(uri);
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
