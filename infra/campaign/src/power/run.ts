import { join } from 'node:path';
import { openAuthorities } from './ground/authorities.ts';
import { makeReleases } from './ground/releases.ts';
import { parsePowerOptions, POWER_HELP } from './options.ts';

export const runPower = async (
  root: string,
  args: readonly string[],
  print: (line: string) => void,
): Promise<number> => {
  const options = parsePowerOptions(args);
  if (options.help) {
    print(POWER_HELP);
    return 0;
  }
  const folder = options.out ?? join(root, '.slipway', 'power');
  const cacheDir = join(root, '.slipway', 'cache');
  const authorities = await openAuthorities(folder);
  for (const arch of options.arch) {
    const releases = await makeReleases({ folder, cacheDir, authorities, log: print }, arch);
    for (const { name, result } of Object.values(releases))
      print(`${arch} ${name}: ${result.version}, root hash ${result.rootHash}`);
  }
  return 0;
};
