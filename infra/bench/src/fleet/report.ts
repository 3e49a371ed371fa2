import { PUBLISHED } from './peers.ts';
import { SERVERS, type Figure, type FleetBench, type Phase, type Size } from './result.ts';

const percent = (share: number): string => `${(share * 100).toFixed(0)} %`;
const short = (value: number): string => value.toFixed(Number.isInteger(value) || value >= 100 ? 0 : 2);

/** Servers and simulator apart, in shares of one processor. */
export const renderPhase = ({ seconds, cpuSeconds, simulatorCpuSeconds, machineIdle }: Phase): string =>
  [
    ...SERVERS.map((server) => `${server} ${percent((cpuSeconds[server] ?? 0) / seconds)}`),
    `| simulator ${percent(simulatorCpuSeconds / seconds)}`,
    `| machine idle ${percent(machineIdle)}`,
  ].join(' ');

const goal = ({ goal: { kind, value }, unit }: Figure): string =>
  `${kind === 'atLeast' ? '≥' : '≤'} ${value} ${unit}`.trim();

const line = (figure: Figure): string =>
  `  ${figure.isMet ? 'met   ' : 'MISSED'}  ${figure.name.padEnd(56)}${`${short(figure.value)} ${figure.unit}`.padStart(14)}   goal ${goal(figure).padEnd(18)}${figure.note}`;

const DAY = 86_400;

/** Of one device: processor seconds a day, and memory. */
const row = ({ devices, connectSeconds, phase, memoryBytes }: Size): string =>
  [
    String(devices).padStart(9),
    connectSeconds.toFixed(0).padStart(10),
    ...SERVERS.map((server) =>
      (((cpuExactly(phase, server) / phase.seconds) * DAY) / devices).toFixed(1).padStart(10),
    ),
    (((phase.simulatorCpuSeconds / phase.seconds) * DAY) / devices).toFixed(1).padStart(11),
    ...SERVERS.map((server) => ((memoryBytes[server] ?? 0) / 1e6).toFixed(0).padStart(10)),
    percent(phase.machineIdle).padStart(8),
  ].join('');
const cpuExactly = ({ cpuSeconds }: Phase, server: (typeof SERVERS)[number]): number =>
  cpuSeconds[server] ?? 0;

export const renderFleet = (result: FleetBench): string =>
  [
    `${result.devices} devices, ${result.gateways} gateway(s), ${result.database}, ${result.processors} processors that the simulator shares`,
    '',
    ...result.figures.map(line),
    '',
    'a device, at rest: processor seconds a day; then memory of all, MB',
    `  devices   connect${SERVERS.map((server) => server.padStart(10)).join('')}  simulator${SERVERS.map((server) => server.padStart(10)).join('')}    idle`,
    ...result.sizes.map(row),
    ...(result.rows === undefined
      ? []
      : [
          '',
          `queries over ${result.rows.devices} devices, the first hundred, ms`,
          ...result.rows.queries.map(({ query, ms }) => `  ${query.padEnd(48)}${ms.toFixed(1).padStart(8)}`),
        ]),
    '',
    'published by or of others, on other machines; not measured here',
    ...PUBLISHED.map(([name, figure]) => `  ${name.padEnd(14)}${figure}`),
  ].join('\n');
