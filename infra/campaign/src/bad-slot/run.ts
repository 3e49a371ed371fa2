import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createCleanup, createReport } from '@slipway/demo';
import { type ChainTools, runChain } from './chain.ts';
import { openGround } from './ground.ts';
import { BAD_SLOT_HELP, parseBadSlotOptions } from './options.ts';
import { planChains } from './plan.ts';
import { VERSIONS } from './releases.ts';
import { readResults, renderResults, type Row, writeResults } from './results.ts';

const sameCase = (one: Row, other: Row): boolean =>
  one.case === other.case &&
  one.arch === other.arch &&
  one.slot === other.slot &&
  one.secureBoot === other.secureBoot;

/** @returns exit status */
export const runBadSlot = async (
  root: string,
  args: readonly string[],
  print: (line: string) => void,
): Promise<number> => {
  const options = parseBadSlotOptions(args);
  if (options.help) {
    print(BAD_SLOT_HELP);
    return 0;
  }
  const folder = options.out ?? join(root, '.slipway', 'bad-slot');
  const file = options.json ?? join(folder, 'results.json');
  if (options.fresh) await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const report = createReport(print, performance.now());
  let cleanup = createCleanup();
  const end = () => void cleanup.run().then(() => process.exit(130));
  process.once('SIGINT', end).once('SIGTERM', end);
  try {
    const cacheDir = join(root, '.slipway', 'cache');
    let ground = await openGround({ folder, cacheDir, report, cleanup });
    if (ground.isOfAnother) {
      report('campaign', 'what is there is of another agent and says nothing of this one: starting anew');
      await cleanup.run();
      cleanup = createCleanup();
      await rm(folder, { recursive: true, force: true });
      await mkdir(folder, { recursive: true });
      ground = await openGround({ folder, cacheDir, report, cleanup });
    }
    const { agent } = ground;
    const known = options.fresh ? undefined : await readResults(file);
    let rows = known?.agent === agent ? [...known.rows] : [];
    const onRow = async (row: Row): Promise<void> => {
      rows = [...rows.filter((other) => !sameCase(other, row)), row];
      await writeResults(file, { v: 1, ok: rows.every(({ ok }) => ok), agent, rows });
    };
    const chains = planChains(options, rows);
    // Before any bad one: what a device commits may be followed only by what was built after it.
    for (const arch of new Set(chains.map(({ place }) => place.arch)))
      for (const version of [VERSIONS.first, VERSIONS.second])
        void ground.release(arch, version, 'none').catch(() => undefined);
    const tools: ChainTools = { ground, folder: join(folder, 'devices'), report, cleanup, onRow };
    const worker = async (): Promise<void> => {
      for (let chain = chains.shift(); chain !== undefined; chain = chains.shift())
        await runChain(chain, tools);
    };
    await Promise.all(Array.from({ length: options.jobs }, worker));
    print(renderResults(rows));
    return rows.length > 0 && rows.every(({ ok }) => ok) ? 0 : 1;
  } finally {
    process.off('SIGINT', end).off('SIGTERM', end);
    await cleanup.run();
  }
};
