import { SlipwayError } from '@slipway/protocol';
import type { Release } from '../ground/releases.ts';
import { runTool } from './tool.ts';

/** What the agent reads of the root it runs from. */
const FILES = [
  'etc/slipway/agent.json',
  'etc/slipway/release.json',
  'etc/slipway/health.json',
  'etc/slipway/trust/server-ca.pem',
  'etc/slipway/trust/release-root.pem',
] as const;

/** Those files, read out of the root of a release. */
export const readEtc = async ({ rootFile }: Release): Promise<ReadonlyMap<string, string>> => {
  const files = new Map<string, string>();
  for (const name of FILES) {
    const { status, stdout } = await runTool('dump.erofs', ['--cat', `--path=/${name}`, rootFile]);
    if (status !== 0) throw new SlipwayError('TOOL_FAILED', `dump.erofs found no ${name} in ${rootFile}`);
    files.set(name, stdout);
  }
  return files;
};
