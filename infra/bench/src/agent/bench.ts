import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { slipwayProgram } from '../build/slipway.ts';
import { AGENT_HELP, parseAgentOptions } from './options.ts';
import { measureOurs } from './ours.ts';
import { measurePeer, PEER_NAMES } from './peers.ts';
import { renderAgentBench } from './report.ts';
import { GOALS, type AgentBench, type Ours, type Peer } from './result.ts';

const CHUNKS_PER_MIB = 4;

/**
 * `npm run bench -- agent`
 *
 * @param root of the checkout
 * @returns exit status: 1 if QuickJS misses a goal
 */
export const benchAgent = async (
  root: string,
  args: readonly string[],
  print: (line: string) => void,
): Promise<number> => {
  const options = parseAgentOptions(args);
  if (options.help) {
    print(AGENT_HELP);
    return 0;
  }
  const dir = resolve(options.dir ?? join(root, '.slipway', 'bench', 'agent'));
  const json = resolve(options.json ?? join(dir, 'agent.json'));
  const slipway = await slipwayProgram(root);
  const ours: Ours[] = [];
  for (const runtime of ['quickjs', 'node'] as const) {
    if ((options.runtime ?? runtime) !== runtime) continue;
    print(`measuring slipway-agent on ${runtime} …`);
    ours.push(await measureOurs(slipway, dir, runtime, options['root-mib'] * CHUNKS_PER_MIB));
  }
  const peers: Peer[] = [];
  for (const name of options['no-peers'] ? [] : PEER_NAMES) {
    print(`measuring ${name} …`);
    peers.push(await measurePeer(slipway, dir, name));
  }
  const small = ours.find(({ runtime }) => runtime === 'quickjs');
  const result: AgentBench = {
    v: 1,
    bench: 'agent',
    at: new Date().toISOString(),
    arch: 'amd64',
    ours,
    peers,
    goals: GOALS,
    ratios:
      small === undefined
        ? []
        : peers.map(({ name, idle }) => ({
            peer: name,
            idle: small.idle.pssBytes / idle.pssBytes,
            anonymous: small.idle.anonymousBytes / idle.anonymousBytes,
          })),
  };
  await mkdir(dirname(json), { recursive: true });
  await writeFile(json, `${JSON.stringify(result, null, 2)}\n`);
  print(`\n${renderAgentBench(result)}\n\n${json}`);
  if (small === undefined) return 0;
  const missed =
    small.idle.pssBytes > GOALS.idlePssBytes ||
    small.installing.pssBytes > GOALS.installingPssBytes ||
    small.readyCpuSeconds > GOALS.readyCpuSeconds;
  return missed ? 1 : 0;
};
