import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { createRollout, openDatabase, planRollout, type Database } from '@slipway/fleet';
import { seedRelease, startTestPostgres, TEST_CLASS } from '@slipway/fleet/testing';
import { RolloutCreate, SlipwayError, type Release, type RolloutId } from '@slipway/protocol';
import { askSql } from '../queries/ask-sql.ts';
import { parseOptions } from '../parse-options.ts';

const HELP = `npm run bench -- planner [options]

Rolls a release out in waves to a fleet that is made by SQL, with devices that answer by SQL as well, and takes the time of
every decision (one transaction) of the planner: when the rollout looks for its devices, begins, is half done, and ends.

  --devices N    how many (1000000)
  --url URL      an empty database, in place of a server of its own
  --limit MS     fails where one decision in twenty takes longer (100)`;

const Options = z.object({
  help: z.boolean().default(false),
  devices: z.coerce.number().int().min(1000).max(10_000_000).default(1_000_000),
  limit: z.coerce.number().min(1).default(100),
  url: z.string().optional(),
});
const FLAGS = { devices: 'string', limit: 'string', url: 'string' } as const;

const IN_FLIGHT = 2000;
const Nothing = z.unknown();

/** @returns exit status: 1 where decisions take too long, or a large table was read from end to end */
export const benchPlanner = async (
  _root: string,
  args: readonly string[],
  print: (line: string) => void,
): Promise<number> => {
  const options = parseOptions(args, HELP, FLAGS, Options);
  if (options.help) {
    print(HELP);
    return 0;
  }
  const postgres = options.url === undefined ? await startTestPostgres() : undefined;
  const url = options.url ?? postgres?.url;
  if (url === undefined)
    throw new SlipwayError('TOOL_MISSING', 'PostgreSQL is not installed. Install the package postgresql.');
  const times: number[] = [];
  let begun = 0;
  const onStatement = (text: string): void => {
    if (text === 'begin') begun = performance.now();
    if (text === 'commit') times.push(performance.now() - begun);
  };
  const { db, close } = await openDatabase({ url }, { onStatement });
  try {
    return await measure(db, times, options, print);
  } finally {
    await close();
    await postgres?.stop();
  }
};

const measure = async (
  db: Database,
  times: number[],
  { devices, limit }: { readonly devices: number; readonly limit: number },
  print: (line: string) => void,
): Promise<number> => {
  const release = await seedRelease(db, '2.0.0', Buffer.from('bundle'));
  print(`filling ${devices} devices …`);
  await fill(db, devices);
  const asked = RolloutCreate.parse({
    release: release.id,
    failureThreshold: 1000,
    maxInFlight: IN_FLIGHT,
    soakSeconds: 0,
    waves: [{ count: 100 }, { percent: 10 }, {}],
  });
  const start = performance.now();
  const { id } = await createRollout(db, asked, new Date());
  print(`created in ${Math.round(performance.now() - start)} ms`);

  let isGood = true;
  const step = async (name: string, work: () => Promise<void>): Promise<void> => {
    const scans = await scansOf(db);
    times.length = 0;
    await work();
    const sorted = [...times].sort((a, b) => a - b);
    const at = (share: number): string =>
      (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(1);
    const scanned = (await scansOf(db)).filter(
      ({ table, rows }) => rows - (scans.find((one) => one.table === table)?.rows ?? 0) > devices / 2,
    );
    isGood &&= Number(at(0.95)) <= limit && scanned.length === 0;
    const read =
      scanned.length === 0 ? '' : `, read from end to end: ${scanned.map(({ table }) => table).join(', ')}`;
    print(
      `${name.padEnd(24)} ${String(sorted.length).padStart(5)} decisions, ms: median ${at(0.5)}, 95 % ${at(0.95)}, most ${at(1)}${read}`,
    );
  };
  await step('finds its devices', () => decideUntil(db, id, ({ offers }) => offers > 0));
  await step('begins', () => answer(db, id, release, 6));
  await skip(db, id, release, 'half');
  await step('is half done', () => answer(db, id, release, 10));
  await skip(db, id, release, 'end');
  await step('ends', () => decideUntil(db, id, ({ kinds }) => kinds.includes('complete'), release));
  return isGood ? 0 : 1;
};

const fill = async (db: Database, devices: number): Promise<void> => {
  await askSql(
    db,
    Nothing,
    `insert into devices (id, device_class, arch, online, connection, health, release, version, state)
      select 'dev-' || lpad(n::text, 8, '0'), '${TEST_CLASS}', 'amd64', n % 20 <> 3, 1, 'ok', 'rel_0000000000000000', '1.0.0', 'active'
      from generate_series(1, ${devices}) as row(n)`,
  );
  await askSql(db, Nothing, 'analyze');
};

type Seen = { readonly offers: number; readonly kinds: readonly string[] };

const decideUntil = async (
  db: Database,
  id: RolloutId,
  isDone: (seen: Seen) => boolean,
  release?: Release,
): Promise<void> => {
  for (;;) {
    const { actions } = await planRollout(db, id, new Date());
    const kinds = actions.map(({ kind }) => kind);
    if (isDone({ offers: kinds.filter((kind) => kind === 'offer').length, kinds })) return;
    if (release !== undefined) await commitAll(db, id, release);
  }
};

/** Everybody who is offered the release commits it, again and again. */
const answer = async (db: Database, id: RolloutId, release: Release, times: number): Promise<void> => {
  for (let left = times; left > 0; left -= 1) {
    await commitAll(db, id, release);
    await planRollout(db, id, new Date());
  }
};

const LIVE = `('OFFERED', 'DOWNLOADING', 'TRIAL')`;
/** As reports and births do. */
const commitAll = async (db: Database, id: RolloutId, release: Release): Promise<void> => {
  await askSql(
    db,
    Nothing,
    `update devices d set assignment = null, online = true, release = '${release.id}', version = '${release.version}'
      from executions e where e.rollout = '${id}' and e.state in ${LIVE} and d.id = e.device`,
  );
  await askSql(
    db,
    Nothing,
    `update executions set state = 'COMMITTED', updated_at = now() where rollout = '${id}' and state in ${LIVE}`,
  );
};

/** As if it had gone on for long: half of the devices are done, or all but a few. */
const skip = async (db: Database, id: RolloutId, release: Release, to: 'half' | 'end'): Promise<void> => {
  const left = to === 'half' ? '(select count(*) / 2 from rollout_members)' : '4000';
  await askSql(
    db,
    Nothing,
    `with done as (
        update rollout_members set state = 'healthy', wave = coalesce(wave, 2), attempt = 1
        where rollout = '${id}' and device in (
          select device from rollout_members where rollout = '${id}' and state in ('open', 'away') order by position
          limit greatest(0, (select count(*) from rollout_members where state in ('open', 'away')) - ${left}))
        returning device, wave)
      insert into executions (id, rollout, device, release, wave, attempt, state, settled, bytes_total, deadline_at)
      select 'exe_' || substr(md5(device), 1, 16), '${id}', device, '${release.id}', wave, 1, 'COMMITTED', 'COMMITTED', 1, now() from done`,
  );
  await askSql(db, Nothing, `update devices set online = true where not online`);
  await askSql(
    db,
    Nothing,
    `update rollout_waves set state = 'passed' where rollout = '${id}' and index < 2`,
  );
  await askSql(
    db,
    Nothing,
    `update rollout_waves set state = 'running' where rollout = '${id}' and index = 2`,
  );
  await askSql(db, Nothing, 'vacuum analyze');
};

const Scans = z.object({ table: z.string(), rows: z.coerce.number() });
/** Sessions tell what they read no more often than once a second. */
const TOLD_MS = 1100;
/** Tables that grow with the fleet, and how many rows were read from end to end; small ones may be. */
const scansOf = async (db: Database): Promise<z.infer<typeof Scans>[]> => {
  await sleep(TOLD_MS);
  await askSql(db, Nothing, 'select pg_stat_clear_snapshot()');
  return askSql(
    db,
    Scans,
    `select relname as table, seq_tup_read as rows from pg_stat_user_tables where relname in ('devices', 'executions', 'rollout_members')`,
  );
};
