import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { randomOf } from '@slipway/fleet-sim';
import { messageOf, SlipwayError } from '@slipway/protocol';
import { z } from 'zod';
import { makeBuildGround, type BuildGround } from './ground.ts';
import { askForBuilds, judge, untilOver, type Verdict } from './round.ts';

const BUILDS_HELP = `npm run campaign -- builds [options]

Asks for builds, round after round, and meanwhile kills (SIGKILL) build workers, the API and Redis at random times, each
to be started again at once. Expects every build to end exactly once, in one release with one signature and one counter,
with artifacts that are what was recorded of them. The images are whole and small; PostgreSQL is needed.

  --rounds N      rounds (20)
  --builds N      builds of a round (20)
  --pause MS      between two kills, on average (4000)
  --seed N        of the random times and victims (1)
  --out DIR       everything lies here, emptied before (.slipway/builds-campaign)
  --json FILE     the results, for programs (DIR/results.json)

Exit status: 0 if every build ended exactly once, 1 otherwise, 64 for wrong options.`;

const Options = z.object({
  help: z.boolean().default(false),
  rounds: z.coerce.number().int().min(1).default(20),
  builds: z.coerce.number().int().min(1).max(1000).default(20),
  pause: z.coerce.number().int().min(100).default(4000),
  seed: z.coerce.number().int().min(1).default(1),
  out: z.string().optional(),
  json: z.string().optional(),
});

const parse = (args: readonly string[]): z.infer<typeof Options> => {
  try {
    const text = { type: 'string' } as const;
    const { values } = parseArgs({
      args: [...args],
      options: {
        help: { type: 'boolean', short: 'h' },
        rounds: text,
        builds: text,
        pause: text,
        seed: text,
        out: text,
        json: text,
      },
    });
    return Options.parse(values);
  } catch (cause) {
    const why = cause instanceof z.ZodError ? z.prettifyError(cause) : messageOf(cause);
    throw new SlipwayError('USAGE', `${why}\n\n${BUILDS_HELP}`, { cause });
  }
};

type Kills = Record<keyof BuildGround['victims'], number>;

/** Kills until told to stop. */
const killOnAndOn = async (
  ground: BuildGround,
  kills: Kills,
  random: () => number,
  pauseMs: number,
  stop: AbortSignal,
): Promise<void> => {
  const names = ['builder-a', 'builder-b', 'api', 'redis'] as const;
  while (!stop.aborted) {
    await delay(2 * pauseMs * random(), undefined, { signal: stop }).catch(() => undefined);
    if (stop.aborted) return;
    // Now and then several at once.
    const count = random() < 0.2 ? 2 + Math.floor(3 * random()) : 1;
    const victims = new Set(
      Array.from({ length: count }, () => names[Math.floor(random() * names.length)] ?? 'api'),
    );
    await Promise.all([...victims].map((name) => ground.victims[name].kill()));
    for (const name of victims) kills[name] += 1;
    await Promise.all([...victims].map((name) => ground.victims[name].start()));
  }
};

const sum = (verdicts: readonly Verdict[]) => ({
  builds: verdicts.reduce((total, { builds }) => total + builds, 0),
  succeeded: verdicts.reduce((total, { succeeded }) => total + succeeded, 0),
  again: verdicts.reduce((total, { again }) => total + again, 0),
  lost: verdicts.flatMap(({ lost }) => lost),
  doubled: verdicts.flatMap(({ doubled }) => doubled),
  broken: verdicts.flatMap(({ broken }) => broken),
});

/** @returns exit status */
export const runBuilds = async (
  root: string,
  args: readonly string[],
  print: (line: string) => void,
): Promise<number> => {
  const options = parse(args);
  if (options.help) {
    print(BUILDS_HELP);
    return 0;
  }
  const out = resolve(options.out ?? join(root, '.slipway', 'builds-campaign'));
  const json = options.json ?? join(out, 'results.json');
  await rm(out, { recursive: true, force: true });
  await mkdir(join(out, 'ground'), { recursive: true });
  const random = randomOf(options.seed);
  const kills: Kills = { 'builder-a': 0, 'builder-b': 0, api: 0, redis: 0 };
  const verdicts: Verdict[] = [];
  const ground = await makeBuildGround(root, join(out, 'ground'));
  try {
    for (let round = 1; round <= options.rounds; round++) {
      const stop = new AbortController();
      const killing = killOnAndOn(ground, kills, random, options.pause, stop.signal);
      const asked = await askForBuilds(ground.client, round, options.builds);
      const builds = await untilOver(ground.client, asked);
      stop.abort();
      await killing;
      const verdict = await judge(ground, asked, builds);
      verdicts.push(verdict);
      const { succeeded, again, lost, doubled, broken } = verdict;
      print(
        `round ${round}: ${asked.length} builds, ${succeeded} succeeded, ${again} attempts more, lost ${lost.length}, doubled ${doubled.length}, broken ${broken.length}`,
      );
      for (const line of [...lost, ...doubled, ...broken]) print(`  ${line}`);
    }
  } finally {
    await ground.close();
  }
  const total = sum(verdicts);
  const killed = Object.values(kills).reduce((all, count) => all + count, 0);
  await mkdir(dirname(json), { recursive: true });
  await writeFile(json, `${JSON.stringify({ v: 1, options, kills, killed, ...total }, null, 2)}\n`);
  print('');
  print(
    `builds ${total.builds}, kills ${killed} (${Object.entries(kills)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ')})`,
  );
  print(`lost ${total.lost.length}, doubled ${total.doubled.length}, broken ${total.broken.length}`);
  return total.lost.length + total.doubled.length + total.broken.length === 0 ? 0 : 1;
};
