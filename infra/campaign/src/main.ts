import { join } from 'node:path';
import { ERRORS, codeOf, messageOf } from '@slipway/protocol';
import { runBadSlot } from './bad-slot/run.ts';
import { runBuilds } from './builds/run.ts';
import { runComponents } from './components/run.ts';
import { runKill } from './kill/run.ts';
import { runPower } from './power/run.ts';
import { runTraces } from './traces/run.ts';

const root = join(import.meta.dirname, '..', '..', '..');

/** @returns exit status */
type Campaign = (root: string, args: readonly string[], print: (line: string) => void) => Promise<number>;

const CAMPAIGNS: Readonly<Record<string, { readonly summary: string; readonly run: Campaign }>> = {
  power: {
    summary: 'the power is cut at every write of an update and of a rollback',
    run: runPower,
  },
  'bad-slot': {
    summary: 'bad releases go into either slot, and the old one must serve again by itself',
    run: runBadSlot,
  },
  builds: {
    summary: 'build workers, the API and Redis are killed at random times while builds are under way',
    run: runBuilds,
  },
  kill: {
    summary:
      'broker, Redis, database and every service are killed while 500 simulated devices take a release',
    run: runKill,
  },
  components: {
    summary: 'the components of infra/components between two machines, with a probe before each container',
    run: runComponents,
  },
  traces: {
    summary: 'what a real device says to its server is recorded, for simulated devices to be held to',
    run: runTraces,
  },
};

const HELP = [
  'npm run campaign -- NAME [options]; --help after the name lists its options.',
  '',
  ...Object.entries(CAMPAIGNS).map(([name, { summary }]) => `  ${name.padEnd(10)} ${summary}`),
].join('\n');

const main = async ([name, ...args]: readonly string[]): Promise<number> => {
  if (name === undefined || name === '--help' || name === '-h') {
    console.log(HELP);
    return name === undefined ? ERRORS.USAGE.exit : 0;
  }
  const campaign = CAMPAIGNS[name];
  if (campaign === undefined) {
    console.error(`USAGE: there is no campaign ${JSON.stringify(name)}.\n\n${HELP}`);
    return ERRORS.USAGE.exit;
  }
  try {
    return await campaign.run(root, args, console.log);
  } catch (error) {
    const code = codeOf(error);
    console.error(`${code}: ${messageOf(error)}`);
    return ERRORS[code].exit;
  }
};

process.exit(await main(process.argv.slice(2)));
