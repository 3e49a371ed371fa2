import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { WholeChainArch } from '@slipway/protocol';
import { z } from 'zod';
import { Row, runChecks } from './checks.ts';
import { startMachines } from './machines.ts';
import { COMPONENTS_HELP, parseComponentsOptions } from './options.ts';

/** What `npm run campaign -- components --json FILE` writes. */
export const Results = z.object({ v: z.literal(1), rows: z.array(Row.extend({ arch: z.string() })) });
export type Results = z.infer<typeof Results>;

const tryOn = async (
  arch: WholeChainArch,
  folder: string,
  cacheDir: string,
  print: (line: string) => void,
): Promise<Results['rows']> => {
  const say = (line: string): void => print(`${arch}: ${line}`);
  const machines = await startMachines({ arch, folder, cacheDir, say });
  try {
    const rows = await runChecks(machines, ({ ok, check, expected, found }) => {
      say(`${ok ? 'ok' : 'FAILED'}  ${check}`);
      if (!ok) say(`  expected ${expected}, found ${found}`);
    });
    return rows.map((row) => ({ ...row, arch }));
  } finally {
    await machines.stop();
  }
};

/** @returns exit status */
export const runComponents = async (
  root: string,
  args: readonly string[],
  print: (line: string) => void,
): Promise<number> => {
  const options = parseComponentsOptions(args);
  if (options.help) {
    print(COMPONENTS_HELP);
    return 0;
  }
  const folder = resolve(options.out ?? join(root, '.slipway', 'components'));
  const json = resolve(options.json ?? join(folder, 'results.json'));
  await rm(folder, { recursive: true, force: true });
  const rows: Results['rows'] = [];
  for (const arch of options.arch)
    rows.push(...(await tryOn(arch, join(folder, arch), join(root, '.slipway', 'cache'), print)));
  const results: Results = { v: 1, rows };
  await mkdir(dirname(json), { recursive: true });
  await writeFile(json, `${JSON.stringify(results, null, 2)}\n`);
  print(`${rows.filter(({ ok }) => ok).length} of ${rows.length} as expected`);
  return rows.every(({ ok }) => ok) ? 0 : 1;
};
