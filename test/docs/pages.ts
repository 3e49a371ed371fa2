import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  AgentBench,
  BuildBench,
  DashboardBench,
  DeviceBench,
  FieldBench,
  FleetBench,
  ImageBench,
  QueriesBench,
  StopBench,
} from '@slipway/bench';
import { PowerSummary } from '@slipway/campaign';
import { Summary } from '@slipway/demo';
import { classFileSchema, imageFileSchema } from '@slipway/image-spec';
import { LINT_RULES } from '@slipway/image-spec/lint';
import { ERRORS } from '@slipway/protocol';
import { z } from 'zod';

const docs = join(import.meta.dirname, '..', '..', 'docs');

const errorsPage = (): string =>
  [
    '# Errors',
    '',
    'Every code Slipway gives: on the command line (with the exit status), in answers of the API (with the HTTP status),',
    'and in reports of devices. Codes are stable. Written by `npm run docs` from `packages/protocol/src/errors.ts`.',
    '',
    '| Code | Exit | HTTP | What it means | How to mend it |',
    '|---|---|---|---|---|',
    ...Object.entries(ERRORS).map(
      ([code, row]) => `| \`${code}\` | ${row.exit} | ${row.http} | ${row.meaning} | ${row.mend} |`,
    ),
    '',
  ].join('\n');

/** A table as Prettier has it. */
const alignedTable = (rows: readonly (readonly string[])[]): string => {
  const [headings = [], ...body] = rows;
  const widths = headings.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [line(headings), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('\n');
};

const LINT_TABLE = /(<!-- codes: npm run docs -->\n\n).*?(\n\n<!-- end -->)/s;

/** Its table is made from the code, the rest is as somebody wrote it. */
const lintPage = (): string =>
  readFileSync(join(docs, 'lint.md'), 'utf8').replace(
    LINT_TABLE,
    (_, before: string, after: string) =>
      before +
      alignedTable([
        ['Code', 'Severity', 'What it means', 'How to mend it'],
        ...Object.entries(LINT_RULES).map(([code, row]) => [
          `\`${code}\``,
          row.severity,
          row.meaning,
          row.mend,
        ]),
      ]) +
      after,
  );

const jsonSchema = (title: string, schema: z.ZodType): string =>
  `${JSON.stringify({ title, ...z.toJSONSchema(schema) }, null, 2)}\n`;

const summarySchema = (): string => jsonSchema('What npm run demo -- --json FILE writes', Summary);
const benchSchema = (): string => jsonSchema('What npm run bench -- build --json FILE writes', BuildBench);
const agentBenchSchema = (): string =>
  jsonSchema('What npm run bench -- agent --json FILE writes', AgentBench);

const deviceBenchSchema = (): string =>
  jsonSchema('What npm run bench -- device --json FILE writes', DeviceBench);

const imageBenchSchema = (): string =>
  jsonSchema('What npm run bench -- image --json FILE writes', ImageBench);

const dashboardBenchSchema = (): string =>
  jsonSchema('What npm run bench -- dashboard --json FILE writes', DashboardBench);

const fieldBenchSchema = (): string =>
  jsonSchema('What npm run bench -- field --json FILE writes', FieldBench);

const fleetBenchSchema = (): string =>
  jsonSchema('What npm run bench -- fleet --json FILE writes', FleetBench);

const queriesBenchSchema = (): string =>
  jsonSchema('What npm run bench -- queries --json FILE writes', QueriesBench);

const stopBenchSchema = (): string => jsonSchema('What npm run bench -- stop --json FILE writes', StopBench);

const powerSchema = (): string =>
  jsonSchema('What npm run campaign -- power --json FILE writes', PowerSummary);

const text = (schema: object): string => `${JSON.stringify(schema, null, 2)}\n`;

/** Pages of `docs/` that are made from the code; `npm run docs` writes them and a test compares them. */
export const PAGES: readonly { readonly path: string; readonly text: () => string }[] = [
  { path: join(docs, 'errors.md'), text: errorsPage },
  { path: join(docs, 'lint.md'), text: lintPage },
  { path: join(docs, 'demo-summary.schema.json'), text: summarySchema },
  { path: join(docs, 'bench.schema.json'), text: benchSchema },
  { path: join(docs, 'agent-bench.schema.json'), text: agentBenchSchema },
  { path: join(docs, 'device-bench.schema.json'), text: deviceBenchSchema },
  { path: join(docs, 'image-bench.schema.json'), text: imageBenchSchema },
  { path: join(docs, 'dashboard-bench.schema.json'), text: dashboardBenchSchema },
  { path: join(docs, 'field-bench.schema.json'), text: fieldBenchSchema },
  { path: join(docs, 'fleet-bench.schema.json'), text: fleetBenchSchema },
  { path: join(docs, 'queries-bench.schema.json'), text: queriesBenchSchema },
  { path: join(docs, 'stop-bench.schema.json'), text: stopBenchSchema },
  { path: join(docs, 'power-campaign.schema.json'), text: powerSchema },
  { path: join(docs, 'schema', 'image.schema.json'), text: () => text(imageFileSchema()) },
  { path: join(docs, 'schema', 'class.schema.json'), text: () => text(classFileSchema()) },
];
