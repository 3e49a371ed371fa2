import type { AgentConfig } from '../config.ts';
import type { Resources } from '../core/index.ts';
import type { Runtime } from '../runtime/port.ts';

/** Time of all processors since the start of the kernel, in ticks. */
export type CpuTime = { readonly busy: number; readonly total: number };

export type Machine = Resources & {
  readonly memoryTotal: number;
  readonly cpu: CpuTime | undefined;
};

const numberAfter = (text: string, pattern: RegExp): number | undefined => {
  const found = pattern.exec(text)?.[1];
  return found === undefined ? undefined : Number(found);
};

const kibibytes = (text: string, name: string): number | undefined => {
  const found = numberAfter(text, new RegExp(`^${name}:\\s+(\\d+)`, 'm'));
  return found === undefined ? undefined : found * 1024;
};

/** The first line of `/proc/stat`: user nice system idle iowait irq softirq steal. */
export const parseCpuTime = (stat: string): CpuTime | undefined => {
  const line = /^cpu +([\d ]+)$/m.exec(stat)?.[1];
  if (line === undefined) return undefined;
  // guest and guest_nice are counted in user and nice already
  const ticks = line.split(' ').slice(0, 8).map(Number);
  const total = ticks.reduce((sum, value) => sum + value, 0);
  return { busy: total - (ticks[3] ?? 0) - (ticks[4] ?? 0), total };
};

/** @returns 0 to 1; undefined where no time has passed */
export const busyShare = (before: CpuTime | undefined, after: CpuTime | undefined): number | undefined => {
  if (before === undefined || after === undefined || after.total <= before.total) return undefined;
  const share = (after.busy - before.busy) / (after.total - before.total);
  return Math.round(Math.min(1, Math.max(0, share)) * 1000) / 1000;
};

const readText = async (runtime: Pick<Runtime, 'files'>, path: string): Promise<string> => {
  // Files of the kernel may refuse: a thermal zone whose sensor sleeps says EAGAIN.
  const bytes = await runtime.files.read(path).catch(() => undefined);
  return new TextDecoder().decode(bytes ?? new Uint8Array());
};

/** @returns degrees Celsius of the hottest zone; undefined where there is none */
const hottest = async (
  runtime: Pick<Runtime, 'files'>,
  config: Pick<AgentConfig, 'sysDir'>,
): Promise<number | undefined> => {
  const directory = `${config.sysDir}/class/thermal`;
  const zones = (await runtime.files.list(directory)).filter((name) => name.startsWith('thermal_zone'));
  const texts = await Promise.all(zones.map(async (zone) => readText(runtime, `${directory}/${zone}/temp`)));
  const known = texts.flatMap((text) => (/^-?\d+\s*$/.test(text) ? [Number(text) / 1000] : []));
  return known.length === 0 ? undefined : Math.max(...known);
};

/** How the machine is now. */
export const readMachine = async (
  runtime: Pick<Runtime, 'files'>,
  config: Pick<AgentConfig, 'procDir' | 'sysDir' | 'dataDir'>,
): Promise<Machine> => {
  const [memory, load, stat, temperature, diskFree] = await Promise.all([
    readText(runtime, `${config.procDir}/meminfo`),
    readText(runtime, `${config.procDir}/loadavg`),
    readText(runtime, `${config.procDir}/stat`),
    hottest(runtime, config),
    runtime.files.free(config.dataDir).catch(() => undefined),
  ]);
  return {
    memoryAvailable: kibibytes(memory, 'MemAvailable'),
    memoryTotal: kibibytes(memory, 'MemTotal') ?? 0,
    load1: numberAfter(load, /^([\d.]+)/),
    cpu: parseCpuTime(stat),
    temperature,
    diskFree,
  };
};
