import { createHash } from 'node:crypto';
import { pathToFileURL } from 'node:url';
import type { Finding } from './finding.ts';
import { LINT_RULES, type LintCode } from './rules.ts';

/** A reference of RFC 3986: relative to where the tool was run, or a file of this machine. */
const uriOf = (file: string): string =>
  file.startsWith('/')
    ? pathToFileURL(file).href
    : encodeURI(file).replaceAll('#', '%23').replaceAll('?', '%3F');

const CODES = Object.keys(LINT_RULES);

const ruleOf = ([code, { severity, meaning, mend }]: [string, (typeof LINT_RULES)[LintCode]]) => ({
  id: code,
  shortDescription: { text: meaning },
  help: { text: mend },
  defaultConfiguration: { level: severity },
});

const resultOf = (found: Finding) => ({
  ruleId: found.code,
  ruleIndex: CODES.indexOf(found.code),
  level: found.severity,
  message: { text: `${found.message}. ${found.mend}` },
  locations: [
    {
      physicalLocation: {
        artifactLocation: { uri: uriOf(found.file) },
        region: { startLine: found.line, startColumn: found.column },
      },
      logicalLocations: [{ fullyQualifiedName: found.key === '' ? found.subject : found.key }],
    },
  ],
  // Stays when lines move.
  partialFingerprints: {
    'slipwaySubject/v1': createHash('sha256')
      .update(`${found.code} ${found.file} ${found.subject}`)
      .digest('hex'),
  },
  ...(found.allowed === undefined
    ? {}
    : { suppressions: [{ kind: 'external' as const, justification: found.allowed }] }),
});

/**
 * The findings for programs that read those of any tool.
 *
 * @see https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
 */
export const makeSarif = (findings: readonly Finding[], toolVersion: string) => ({
  $schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
  version: '2.1.0' as const,
  runs: [
    {
      tool: {
        driver: {
          name: 'slipway lint',
          version: toolVersion,
          rules: Object.entries(LINT_RULES).map(ruleOf),
        },
      },
      columnKind: 'utf16CodeUnits' as const,
      results: findings.map(resultOf),
    },
  ],
});
