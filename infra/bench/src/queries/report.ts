import type { EngineMeasure, MigrationMeasure, QueryMeasure } from './result.ts';

const NAME = 66;

const fixed = (value: number): string => value.toFixed(value < 10 ? 2 : 0);
const list = (names: readonly string[]): string => (names.length === 0 ? '-' : names.join(', '));

const migration = ({ name, ms, locks, rewritten }: MigrationMeasure): string =>
  `  ${name.padEnd(28)}${fixed(ms).padStart(9)}  locks ${list(locks)}` +
  (rewritten.length === 0 ? '' : `; rewrites ${list(rewritten)}`);

const query = ({ name, rows, plan, peers, mayScan, goalMs }: QueryMeasure): string =>
  [
    `  ${name.padEnd(NAME)}`,
    String(rows).padStart(7),
    fixed(plan.ms).padStart(9),
    String(plan.pages).padStart(8),
    ...['keys only', 'OFFSET'].map((kind) => {
      const peer = peers.find((one) => one.name === kind);
      return (peer === undefined ? '' : `${fixed(peer.ratio)}×`).padStart(10);
    }),
    goalMs === undefined ? '' : `  goal ${fixed(goalMs)} ms: ${plan.ms <= goalMs ? 'met' : 'missed (!)'};`,
    `  ${plan.scanned.length === 0 ? '' : `reads all of ${list(plan.scanned)}${mayScan ? '' : ' (!)'}; `}`,
    plan.nodes.filter((node) => /Scan/.test(node)).join(', '),
  ].join('');

const PARTS: readonly QueryMeasure['part'][] = [
  'gateway',
  'planner',
  'lists',
  'queries',
  'counts',
  'dashboard',
];

export const renderEngine = (result: EngineMeasure): string =>
  [
    `${result.engine}: ${Object.entries(result.rows)
      .map(([table, rows]) => `${table} ${rows}`)
      .join(', ')}; ${(result.bytes / 1e6).toFixed(0)} MB, filled in ${result.fillSeconds.toFixed(0)} s`,
    '',
    'migrations of the full database'.padEnd(30) + '       ms',
    ...result.migrations.map(migration),
    '',
    '  '.padEnd(NAME + 2) + '   rows       ms   pages keys only    OFFSET  nodes that read tables',
    ...PARTS.flatMap((part) => [part, ...result.queries.filter((one) => one.part === part).map(query)]),
  ].join('\n');
