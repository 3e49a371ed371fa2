import type { FieldEngine, FieldQuestion } from './result.ts';

const NAME = 52;
const fixed = (value: number): string => value.toFixed(value < 10 ? 1 : 0);

const question = ({ name, found, ms, slowestMs, plan, mayScan }: FieldQuestion): string =>
  [
    name.padEnd(NAME),
    String(found).padStart(8),
    fixed(ms).padStart(8),
    fixed(slowestMs).padStart(8),
    String(plan.pages).padStart(8),
    `  ${plan.scanned.length === 0 ? '' : `reads all of ${plan.scanned.join(', ')}${mayScan ? '' : ' (!)'}; `}`,
    plan.nodes.filter((node) => /Scan/.test(node)).join(', '),
  ].join('');

export const renderField = (result: FieldEngine): string =>
  [
    `${result.engine}: ${Object.entries(result.rows)
      .map(([table, rows]) => `${table} ${rows} (${((result.bytes[table] ?? 0) / 1e6).toFixed(1)} MB)`)
      .join(', ')}`,
    `what is in one release is kept in ${fixed(result.indexMs)} ms`,
    '',
    `${''.padEnd(NAME)}   found      ms slowest   pages  nodes that read tables`,
    ...result.questions.map(question),
  ].join('\n');
