import type { ImageBench, ImageMeasure, Weight } from './result.ts';

const SHOWN_PARTS = 20;
const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(2).padStart(8);

const line = (name: string, { bytes, compressed }: Weight, note = ''): string =>
  `  ${name.padEnd(56)}${megabytes(bytes)}${megabytes(compressed)}  ${note}`.trimEnd();

const against = (goal: number, { compressed }: Weight): string =>
  `goal ${(goal / 1e6).toFixed(0)}: ${compressed <= goal ? 'met' : `missed by ${((compressed - goal) / 1e6).toFixed(2)}`}`;

const seconds = ({ boot: { readySeconds, cpuSeconds, goal } }: ImageMeasure): string =>
  `  until services run, CPU seconds of the guest at an instruction in each nanosecond: ${cpuSeconds.toFixed(2)} ` +
  `(init done at ${readySeconds.toFixed(2)}), goal ${goal.toFixed(2)}: ${cpuSeconds <= goal ? 'met' : `missed by ${(cpuSeconds - goal).toFixed(2)}`}`;

const measure = (image: ImageMeasure): string[] => [
  '',
  `${image.arch}, kernel ${image.kernelRelease}`.padEnd(58) + '      MB   zstd -19',
  line('kernel', image.kernel),
  line('initramfs', image.initramfs),
  line('UKI', image.uki),
  line('root', image.root),
  ...image.parts.slice(0, SHOWN_PARTS).map((part) => line(`  ${part.path}`, part)),
  line('slot: UKI and root', image.slot, against(image.goals.slot, image.slot)),
  line('  without agent', image.slotWithoutAgent),
  line('  agent and what only it needs', image.agent, against(image.goals.agent, image.agent)),
  seconds(image),
];

export const renderImageBench = ({ images }: ImageBench): string => images.flatMap(measure).join('\n').trim();
