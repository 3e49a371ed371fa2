import { join } from 'node:path';
import { ERRORS, codeOf, messageOf } from '@slipway/protocol';
import { benchAgent } from './agent/bench.ts';
import { benchBuild } from './build/bench.ts';
import { benchDashboard } from './dashboard/bench.ts';
import { benchDevice } from './device/bench.ts';
import { benchField } from './field/bench.ts';
import { benchFleet } from './fleet/bench.ts';
import { benchImage } from './image/bench.ts';
import { benchPlanner } from './planner/bench.ts';
import { benchQueries } from './queries/bench.ts';
import { benchStop } from './stop/bench.ts';

const root = join(import.meta.dirname, '..', '..', '..');

type Bench = (root: string, args: readonly string[], print: (line: string) => void) => Promise<number>;

const BENCHES: Readonly<Record<string, { readonly summary: string; readonly run: Bench }>> = {
  agent: {
    summary: 'slipway-agent: memory and processor, beside RAUC, SWUpdate and Mender',
    run: benchAgent,
  },
  build: {
    summary: 'slipway build: time, processor, memory, beside LinuxKit where that is installed',
    run: benchBuild,
  },
  dashboard: {
    summary: 'the dashboard in Chromium: what it loads, costs, and how 100000 devices scroll',
    run: benchDashboard,
  },
  device: {
    summary: 'memory of the agent on a device in QEMU, on both architectures',
    run: benchDevice,
  },
  field: {
    summary: 'who runs a package, at 100000 devices',
    run: benchField,
  },
  fleet: {
    summary: 'a whole fleet: what 15000 devices cost, how fast they report, take a release and come back',
    run: benchFleet,
  },
  image: {
    summary: 'the reference image: what is in a slot, and what it weighs',
    run: benchImage,
  },
  planner: {
    summary: 'time of each decision of a rollout to 1000000 devices, on PostgreSQL',
    run: benchPlanner,
  },
  queries: {
    summary: 'the database with 100000 devices: migrations and plans of what is asked often',
    run: benchQueries,
  },
  stop: {
    summary: 'an emergency stop of 5000 devices that load a release',
    run: benchStop,
  },
};

const HELP = [
  'npm run bench -- NAME [options]; --help after the name lists its options.',
  '',
  ...Object.entries(BENCHES).map(([name, { summary }]) => `  ${name.padEnd(10)} ${summary}`),
].join('\n');

const main = async ([name, ...args]: readonly string[]): Promise<number> => {
  if (name === undefined || name === '--help' || name === '-h') {
    console.log(HELP);
    return name === undefined ? ERRORS.USAGE.exit : 0;
  }
  const bench = BENCHES[name];
  if (bench === undefined) {
    console.error(`USAGE: there is no bench ${JSON.stringify(name)}.\n\n${HELP}`);
    return ERRORS.USAGE.exit;
  }
  try {
    return await bench.run(root, args, console.log);
  } catch (error) {
    const code = codeOf(error);
    console.error(`${code}: ${messageOf(error)}`);
    return ERRORS[code].exit;
  }
};

process.exitCode = await main(process.argv.slice(2));
