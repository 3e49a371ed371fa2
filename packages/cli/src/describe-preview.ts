import type { RolloutPreview, WavePreview } from '@slipway/protocol';
import { describeDuration } from './duration.ts';
import { size, table, time } from './table.ts';

const devices = (count: number): string => `${count} ${count === 1 ? 'device' : 'devices'}`;

const bytesOf = ({ most, expected }: RolloutPreview['bytes']): string =>
  expected === null ? `at most ${size(most)}` : `likely ${size(expected)}, at most ${size(most)}`;

const timeOf = ({ least, likely, slow }: RolloutPreview['duration']): string => {
  if (likely === null || slow === null)
    return least === 0 ? 'how long it takes is not known' : `at least ${describeDuration(least)}`;
  return likely === slow
    ? `about ${describeDuration(likely)}`
    : `about ${describeDuration(likely)}, if devices are slow ${describeDuration(slow)}`;
};

const approvalsOf = ({ waves }: RolloutPreview): number => waves.filter(({ approval }) => approval).length;

/** All of it in one line. */
export const previewLine = (preview: RolloutPreview): string => {
  const { version, deviceClass, current, waves, duration, bytes } = preview;
  const updates = preview.devices - current;
  return [
    `${version} of ${deviceClass} to ${devices(updates)}`,
    `${preview.online} online`,
    ...(current === 0 ? [] : [`${current} more run it already`]),
    ...(waves.length === 1 ? [] : [`${waves.length} waves`]),
    bytesOf(bytes),
    timeOf(duration),
  ].join('; ');
};

const basisOf = ({ basis, deviceClass, version }: RolloutPreview): string | undefined => {
  if (basis.updates === 0) return undefined;
  const whose = basis.of === 'release' ? `to ${version}` : `of ${deviceClass}`;
  return `by ${basis.updates} earlier ${basis.updates === 1 ? 'update' : 'updates'} ${whose}`;
};

const WAVES = ['wave', 'devices', 'online', 'runs it', 'bytes', 'takes', 'from', 'to'];
const waveRow = (wave: WavePreview): string[] => [
  `${wave.index + 1} ${wave.name}`,
  `${wave.devices}`,
  `${wave.online}`,
  `${wave.current}`,
  wave.bytes.expected === null ? `≤ ${size(wave.bytes.most)}` : size(wave.bytes.expected),
  wave.duration.likely === null
    ? `≥ ${describeDuration(wave.duration.least)}`
    : describeDuration(wave.duration.likely),
  wave.approval ? 'approval' : time(wave.startsAt),
  time(wave.endsAt),
];

const routeRow = (
  { from, through, devices: count }: RolloutPreview['routes'][number],
  to: string,
): string[] => [[from ?? 'unknown', ...through.map(({ version }) => version), to].join(' → '), `${count}`];

const tellApprovals = (count: number): string =>
  count === 0 ? '' : `, and until ${count === 1 ? 'somebody has' : `${count} times somebody has`} approved`;

/** For people who are about to start it. */
export const describePreview = (preview: RolloutPreview, columns?: number): string => {
  const { version, deviceClass, current, online, routes, waves, warnings } = preview;
  const basis = basisOf(preview);
  return [
    `${version} of ${deviceClass} to ${devices(preview.devices - current)}, ${online} of them online` +
      (current === 0 ? '' : `; ${current} more run it already`),
    `${bytesOf(preview.bytes)} to load; ${timeOf(preview.duration)}${tellApprovals(approvalsOf(preview))}`,
    ...(basis === undefined ? [] : [`estimated ${basis}, for the devices that are online`]),
    '',
    table(WAVES, waves.map(waveRow), columns),
    ...(routes.length === 0
      ? []
      : [
          '',
          table(
            ['route', 'devices'],
            routes.map((route) => routeRow(route, version)),
            columns,
          ),
        ]),
    ...(warnings.length === 0 ? [] : ['']),
    ...warnings.map(({ message }) => `warning: ${message}`),
  ].join('\n');
};
