import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { WholeChainArch } from '@slipway/protocol';
import { z } from 'zod';

/** What became of one case in one place; `good-update` is the update that every device takes at its end. */
export const Row = z.object({
  case: z.string(),
  arch: WholeChainArch,
  /** where the release went */
  slot: z.enum(['a', 'b']),
  secureBoot: z.boolean(),
  ok: z.boolean(),
  /** reported by the device */
  code: z.string().nullable(),
  /** from the rollout to the end seen from outside */
  seconds: z.number(),
  /** characters of the log of the failed boot */
  logLength: z.int(),
  error: z.string().optional(),
});
export type Row = z.infer<typeof Row>;

/** What `npm run campaign -- bad-slot --json FILE` writes. */
export const Results = z.object({
  v: z.literal(1),
  ok: z.boolean(),
  /** SHA-256 of the agent that was tried */
  agent: z.string(),
  rows: z.array(Row),
});
export type Results = z.infer<typeof Results>;

export const readResults = async (file: string): Promise<Results | undefined> => {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  return text === undefined ? undefined : Results.parse(JSON.parse(text));
};

export const writeResults = async (file: string, results: Results): Promise<void> => {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(`${file}.new`, `${JSON.stringify(results, null, 2)}\n`);
  await rename(`${file}.new`, file);
};

const describe = (row: Row | undefined): string => {
  if (row === undefined) return '–';
  if (!row.ok) return `FAILED${row.code === null ? '' : ` ${row.code}`}`;
  return `${row.code ?? 'committed'} ${row.seconds.toFixed(0)} s`;
};

/** Cases down, places across. */
export const renderResults = (rows: readonly Row[]): string => {
  const places = WholeChainArch.options.flatMap((arch) =>
    (['b', 'a'] as const).map((slot) => ({ arch, slot })),
  );
  const names = [...new Set(rows.map((row) => row.case))];
  const table = [
    ['case', ...places.map(({ arch, slot }) => `${arch}, into ${slot}`)],
    ...names.map((name) => [
      name,
      ...places.map(({ arch, slot }) =>
        describe(rows.find((row) => row.case === name && row.arch === arch && row.slot === slot)),
      ),
    ]),
  ];
  const widths = (table[0] ?? []).map((_, column) =>
    Math.max(...table.map((line) => line[column]?.length ?? 0)),
  );
  const lines = table.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  const failed = rows.filter((row) => !row.ok);
  return [
    '',
    ...lines,
    '',
    ...failed.map((row) => `${row.case} ${row.arch} ${row.slot}: ${row.error ?? 'failed'}`),
    `${rows.length - failed.length} of ${rows.length} as expected`,
  ].join('\n');
};
