import type { Spread } from '../measure/spread.ts';
import type { BuildBench, ClassMeasure, Goal, Measure, Peer } from './result.ts';

const MIB = 1024 * 1024;
const COLUMNS = [16, 11, 22, 22, 20, 12];

const line = (...cells: readonly string[]): string =>
  cells
    .map((cell, column) => cell.padEnd(COLUMNS[column] ?? 0))
    .join('')
    .trimEnd();

const seconds = (value: number): string => value.toFixed(2);
const mib = (bytes: number): string => (bytes / MIB).toFixed(0);
const spread = ({ median, min, max }: Spread, format: (value: number) => string): string =>
  `${format(median)} (${format(min)}–${format(max)})`;

const CASES: Record<Measure['case'], string> = {
  first: 'first',
  warm: 'warm',
  rebuild: 'rebuild',
  described: 'with SBOM',
};

const peerLine = (peer: Peer): string =>
  peer.source === 'recorded'
    ? line(
        '',
        'linuxkit',
        `${peer.wallSeconds} recorded`,
        `${peer.cpuSeconds} recorded`,
        `${peer.peakRssMib} recorded`,
      )
    : line(
        '',
        'linuxkit',
        spread(peer.wallSeconds, seconds),
        spread(peer.cpuSeconds, seconds),
        spread(peer.peakRssBytes, mib),
        mib(peer.bytesOut),
      );

const part = (share: number): string => `1/${Math.round(1 / share)} of linuxkit`;
const goalLine = ({ cpu, memory }: Goal): string =>
  line('', 'goal', '', part(cpu), memory === undefined ? '' : part(memory));

const ratioLine = ({ wall, cpu, memory }: NonNullable<Measure['ratio']>): string =>
  line('', 'ratio', seconds(wall), seconds(cpu), seconds(memory));

const rows = (measure: Measure): string[] => {
  const { peer, goal, ratio, copy } = measure;
  return [
    line(
      measure.output,
      CASES[measure.case],
      spread(measure.wallSeconds, seconds),
      spread(measure.cpuSeconds, seconds),
      spread(measure.peakRssBytes, mib),
      mib(measure.bytesOut),
    ),
    line(
      '',
      'copy+hash',
      spread(copy.wallSeconds, seconds),
      spread(copy.cpuSeconds, seconds),
      spread(copy.peakRssBytes, mib),
    ),
    ...(peer === null ? [] : [peerLine(peer)]),
    ...(goal === null ? [] : [goalLine(goal)]),
    ...(ratio === null ? [] : [ratioLine(ratio)]),
    ...(measure.identical ? [] : [line('', 'NOT THE SAME BYTES in every run')]),
  ];
};

const figures = ({ wallSeconds, cpuSeconds, peakRssBytes }: ClassMeasure['one']): string[] => [
  spread(wallSeconds, seconds),
  spread(cpuSeconds, seconds),
  spread(peakRssBytes, mib),
];

const classRows = (measure: ClassMeasure): string[] => {
  const { one, ten, ratio, goal, classes } = measure;
  return [
    line('1 class', CASES[measure.case], ...figures(one)),
    line(`${classes} classes`, '', ...figures(ten)),
    line('', 'ratio', seconds(ratio.wall), seconds(ratio.cpu)),
    ...(goal === null ? [] : [line('', 'goal', `at most ${goal}`, `at most ${goal}`)]),
  ];
};

const inputLine = ({ inputs, runs }: Pick<BuildBench, 'inputs' | 'runs'>): string =>
  inputs === null
    ? `median (least–most) of ${runs} runs`
    : `${inputs.images} images, ${(inputs.layerBytes / 1e6).toFixed(0)} MB in ${inputs.layers} layers ` +
      `(${(inputs.compressedBytes / 1e6).toFixed(0)} MB compressed), ${inputs.entries} entries; ` +
      `median (least–most) of ${runs} runs`;

export const renderBuildBench = ({ machine, inputs, runs, measures, classes }: BuildBench): string =>
  [
    inputLine({ inputs, runs }),
    `${machine.processors} × ${machine.model}, ${machine.memoryMib} MiB, Linux ${machine.kernel}, Node ${machine.node}`,
    '',
    line('', '', 'wall s', 'CPU s', 'peak MiB', 'MiB out'),
    ...measures.flatMap(rows),
    ...classes.flatMap(classRows),
  ].join('\n');
