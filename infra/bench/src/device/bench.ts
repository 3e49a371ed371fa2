import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { createReport } from '@slipway/demo';
import { WholeChainArch } from '@slipway/protocol';
import { GOALS, type Memory } from '../agent/result.ts';
import { measureDevice } from './measure-device.ts';
import { DEVICE_HELP, parseDeviceOptions } from './options.ts';
import type { DeviceBench, DeviceMeasure } from './result.ts';

const mb = (bytes: number): string => (bytes / 1e6).toFixed(1);
const verdict = (memory: Memory, goal: number): string =>
  `goal ${mb(goal)}: ${memory.pssBytes <= goal ? 'met' : 'missed'}`;
const parts = ({ processes }: Memory): string =>
  processes.map(({ name, pssBytes }) => `${name} ${mb(pssBytes)}`).join(' + ');

const render = ({ arch, idle, installing, looks, rootBytes }: DeviceMeasure): string =>
  [
    `${arch}: PSS of the agent and its helpers, MB`,
    `  idle        ${mb(idle.pssBytes).padEnd(6)} ${verdict(idle, GOALS.idlePssBytes)} (${parts(idle)})`,
    `  installing  ${mb(installing.pssBytes).padEnd(6)} ${verdict(installing, GOALS.installingPssBytes)} (${parts(installing)}; ${looks} looks, a root of ${mb(rootBytes)})`,
  ].join('\n');

/**
 * `npm run bench -- device`
 *
 * @param root of the checkout
 * @returns exit status: 1 if a goal is missed
 */
export const benchDevice = async (
  root: string,
  args: readonly string[],
  print: (line: string) => void,
): Promise<number> => {
  const options = parseDeviceOptions(args);
  if (options.help) {
    print(DEVICE_HELP);
    return 0;
  }
  const json = resolve(options.json ?? join(root, '.slipway', 'bench', 'device.json'));
  const cache = resolve(options.cache ?? join(root, '.slipway', 'cache'));
  const report = createReport(print, performance.now());
  const devices: DeviceMeasure[] = [];
  for (const arch of options.arch === undefined ? WholeChainArch.options : [options.arch])
    devices.push(await measureDevice(root, arch, options['root-mib'], cache, report));
  const { idlePssBytes, installingPssBytes } = GOALS;
  const result: DeviceBench = {
    v: 1,
    bench: 'device',
    at: new Date().toISOString(),
    devices,
    goals: { idlePssBytes, installingPssBytes },
  };
  await mkdir(dirname(json), { recursive: true });
  await writeFile(json, `${JSON.stringify(result, null, 2)}\n`);
  print(`\n${devices.map(render).join('\n')}\n\n${json}`);
  const isMet = ({ idle, installing }: DeviceMeasure): boolean =>
    idle.pssBytes <= idlePssBytes && installing.pssBytes <= installingPssBytes;
  return devices.every(isMet) ? 0 : 1;
};
