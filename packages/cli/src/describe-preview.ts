import type { RolloutPreview, WavePreview } from '@slipway/protocol';
import { describeDuration } from './duration.ts';
import { size, table, time } from './table.ts';
import { describeWho, nameOfWave } from './wave-table.ts';

const devices = (count: number): string => `${count} ${count === 1 ? 'device' : 'devices'}`;

const whoOf = ({ version, deviceClass, devices: all, current, online }: RolloutPreview): string =>
  `${version} of ${deviceClass} to ${devices(all - current)}, ${online} of them online` +
  (current === 0 ? '' : `; ${current} more ${current === 1 ? 'runs' : 'run'} it already`);

const bytesOf = ({ bytes: { most, expected } }: RolloutPreview): string =>
  `${expected === null ? '' : `likely ${size(expected)}, `}at most ${size(most)} to load`;

const approvalsOf = ({ waves }: RolloutPreview): string => {
  const count = waves.filter(({ approval }) => approval).length;
  return count === 0
    ? ''
    : `, and until ${count === 1 ? 'somebody has' : `${count} times somebody has`} approved`;
};

const timeOf = (preview: RolloutPreview): string => {
  const { least, likely, slow } = preview.duration;
  const approvals = approvalsOf(preview);
  if (likely === null || slow === null) {
    const known = least === 0 ? 'as long' : `at least ${describeDuration(least)}, and as long`;
    return `${known} as devices take: none of ${preview.deviceClass} has updated yet${approvals}`;
  }
  const [half, most] = [describeDuration(likely), describeDuration(slow)];
  return `about ${half}${half === most ? '' : `, if devices are slow ${most}`}${approvals}`;
};

/** All of it in one line. */
export const previewLine = (preview: RolloutPreview): string =>
  [
    whoOf(preview),
    ...(preview.waves.length === 1 ? [] : [`${preview.waves.length} waves`]),
    bytesOf(preview),
    timeOf(preview),
  ].join('; ');

const basisOf = ({ basis: { updates, of }, deviceClass, version }: RolloutPreview): string =>
  `estimated by ${updates} earlier ${updates === 1 ? 'update' : 'updates'} ` +
  `${of === 'release' ? `to ${version}` : `of ${deviceClass}`}, for the devices that are online`;

const minutes = (iso: string | null): string => time(iso).slice(0, 16);

const WAVES = ['wave', 'who', 'devices', 'online', 'bytes', 'takes', 'from', 'to', ''];
const waveRow = (wave: WavePreview): string[] => [
  nameOfWave(wave),
  describeWho(wave.who),
  `${wave.devices}`,
  `${wave.online}`,
  wave.bytes.expected === null ? `≤ ${size(wave.bytes.most)}` : size(wave.bytes.expected),
  wave.duration.likely === null
    ? `≥ ${describeDuration(wave.duration.least)}`
    : describeDuration(wave.duration.likely),
  minutes(wave.startsAt),
  minutes(wave.endsAt),
  wave.approval ? 'after approval' : '',
];

const routeRow = (
  { from, through, devices: count }: RolloutPreview['routes'][number],
  to: string,
): string[] => [[from ?? 'unknown', ...through.map(({ version }) => version), to].join(' → '), `${count}`];

const zoneRow = ({
  timeZone,
  devices: count,
  online,
  opensAt,
}: RolloutPreview['zones'][number]): string[] => [
  timeZone === null ? 'unknown, taken for UTC' : timeZone.replace(/^(?=[+-])/, 'UTC'),
  `${count}`,
  `${online}`,
  minutes(opensAt),
];

/** For people who are about to start it. */
export const describePreview = (preview: RolloutPreview, columns?: number): string => {
  const { version, basis, routes, zones, waves, warnings } = preview;
  return [
    whoOf(preview),
    `${bytesOf(preview)}; ${timeOf(preview)}`,
    ...(basis.updates === 0 ? [] : [basisOf(preview)]),
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
    ...(zones.length === 0
      ? []
      : ['', table(['time zone', 'devices', 'online', 'first window'], zones.map(zoneRow), columns)]),
    ...(warnings.length === 0 ? [] : ['']),
    ...warnings.map(({ message }) => `warning: ${message}`),
  ].join('\n');
};
