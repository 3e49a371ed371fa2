import { sql, type SQL } from 'drizzle-orm';
import { z } from 'zod';
import type { Database } from '@slipway/fleet';
import { askSql } from './ask-sql.ts';
import type { Plan } from './result.ts';

/** As the driver was about to be given it. */
export type Statement = { readonly text: string; readonly params: readonly unknown[] };

const PlanNode = z.object({
  'Node Type': z.string(),
  'Relation Name': z.string().optional(),
  'Actual Rows': z.number().default(0),
  'Shared Hit Blocks': z.int().default(0),
  'Shared Read Blocks': z.int().default(0),
  get Plans() {
    return z.array(PlanNode).optional();
  },
});
type PlanNode = z.infer<typeof PlanNode>;

const Explained = z.object({
  'QUERY PLAN': z
    .array(z.object({ Plan: PlanNode, 'Planning Time': z.number(), 'Execution Time': z.number() }))
    .length(1),
});

const nodesOf = (node: PlanNode): PlanNode[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)];

/** The text with its parameters put back in their places. */
const toSql = ({ text, params }: Statement): SQL => {
  const parts = text.split(/\$(\d+)/);
  return sql.join(
    parts.map((part, at) => (at % 2 === 0 ? sql.raw(part) : sql.param(params[Number(part) - 1]))),
  );
};

const UNDO = Symbol('undo');

/** Does the work in a transaction that is then undone. */
export const undone = async <T>(db: Database, work: (tx: Database) => Promise<T>): Promise<T> => {
  let result: { readonly of: T } | undefined;
  try {
    await db.transaction(async (tx) => {
      result = { of: await work(tx) };
      throw UNDO;
    });
  } catch (error) {
    if (error !== UNDO || result === undefined) throw error;
    return result.of;
  }
  throw new Error('the transaction was not undone');
};

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

type How = {
  /** tables that should not be read from end to end */
  readonly large: ReadonlySet<string>;
  readonly repeats: number;
  /** what is done to the tables first, in the same transaction */
  readonly before?: readonly string[];
};

/**
 * Has statements explained while they run; what they change is undone.
 */
export const explain = async (
  db: Database,
  statements: readonly Statement[],
  { large, repeats, before = [] }: How,
): Promise<Plan & { readonly rows: number }> =>
  undone(db, async (tx) => {
    for (const statement of before) await tx.execute(sql.raw(statement));
    const times: number[] = [];
    let last: PlanNode[] = [];
    for (let run = 0; run < repeats; run += 1) {
      let ms = 0;
      last = [];
      for (const statement of statements) {
        const [row] = await askSql(
          tx,
          Explained,
          sql`explain (analyze, buffers, format json) ${toSql(statement)}`,
        );
        const plan = row?.['QUERY PLAN'][0];
        if (plan === undefined) throw new Error(`no plan of ${statement.text}`);
        ms += plan['Planning Time'] + plan['Execution Time'];
        last.push(plan.Plan);
      }
      times.push(ms);
    }
    const nodes = last.flatMap(nodesOf);
    return {
      ms: median(times),
      pages: last.reduce((sum, one) => sum + one['Shared Hit Blocks'] + one['Shared Read Blocks'], 0),
      nodes: [...new Set(nodes.map((node) => node['Node Type']))],
      scanned: [
        ...new Set(
          nodes
            .filter((node) => node['Node Type'] === 'Seq Scan' && large.has(node['Relation Name'] ?? ''))
            .map((node) => node['Relation Name'] ?? ''),
        ),
      ],
      rows: last.at(-1)?.['Actual Rows'] ?? 0,
    };
  });
