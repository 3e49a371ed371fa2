import { Badge, Group, Text } from '@mantine/core';
import type { Device, DeviceSort } from '@slipway/protocol';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { bytes, percent, span } from '../../parts/numbers.ts';
import { StateBadge } from '../../parts/state-badge.tsx';
import { Time } from '../../parts/time.tsx';

export type DeviceColumn = {
  readonly id: string;
  readonly label: string;
  readonly width: number;
  readonly sort?: DeviceSort;
  readonly align?: 'right';
  readonly cell: (device: Device) => ReactNode;
};

const none = (
  <Text span c="dimmed" inherit aria-label="none">
    –
  </Text>
);
const text = (value: string | null | undefined): ReactNode => value ?? none;
const number = (value: number | undefined, write: (value: number) => string): ReactNode =>
  value === undefined ? none : write(value);
const used = (free: number | undefined, total: number | undefined): ReactNode =>
  free === undefined || total === undefined || total === 0 ? none : percent(total - free, total);

const ALARMS: Readonly<Record<string, string>> = {
  disk_full: 'disk full',
  certificate_expiring: 'certificate',
  service_restarting: 'restarting',
};

export const alarmWord = (alarm: string): string => ALARMS[alarm] ?? alarm.replaceAll('_', ' ');

/** Whether it is here, or why it is not of the fleet. */
export const presenceOf = ({ state, online }: Pick<Device, 'state' | 'online'>): string =>
  state === 'active' ? (online ? 'online' : 'offline') : state;

const HEALTH: Readonly<Record<string, string>> = { ok: 'healthy', failed: 'unhealthy', starting: 'starting' };
export const healthWord = (health: string): string => HEALTH[health] ?? health;

export const COLUMNS: readonly DeviceColumn[] = [
  {
    id: 'id',
    label: 'Device',
    width: 180,
    sort: 'id',
    cell: ({ id }) => (
      <Link className="slipway-row-link" to={`/devices/${id}`}>
        {id}
      </Link>
    ),
  },
  { id: 'name', label: 'Name', width: 160, sort: 'name', cell: ({ name }) => text(name) },
  {
    id: 'presence',
    label: 'State',
    width: 120,
    sort: 'online',
    cell: (device) => <StateBadge state={presenceOf(device)} />,
  },
  {
    id: 'health',
    label: 'Health',
    width: 120,
    sort: 'health',
    cell: ({ health }) => (health === null ? none : <StateBadge state={health} label={healthWord(health)} />),
  },
  { id: 'class', label: 'Class', width: 130, sort: 'class', cell: ({ deviceClass }) => deviceClass },
  { id: 'version', label: 'Version', width: 110, sort: 'version', cell: ({ version }) => text(version) },
  {
    id: 'alarms',
    label: 'Alarms',
    width: 170,
    cell: ({ alarms }) =>
      alarms.length === 0 ? (
        none
      ) : (
        <Group gap={4} wrap="nowrap">
          {alarms.map((alarm) => (
            <StateBadge key={alarm} state={alarm} label={alarmWord(alarm)} tone="warning" />
          ))}
        </Group>
      ),
  },
  {
    id: 'tags',
    label: 'Tags',
    width: 180,
    cell: ({ tags }) =>
      tags.length === 0 ? (
        none
      ) : (
        <Group gap={4} wrap="nowrap">
          {tags.map((tag) => (
            <Badge key={tag} variant="default" radius="sm" tt="none" fw={500}>
              {tag}
            </Badge>
          ))}
        </Group>
      ),
  },
  { id: 'channel', label: 'Channel', width: 110, sort: 'channel', cell: ({ channel }) => text(channel) },
  {
    id: 'last_seen',
    label: 'Last seen',
    width: 120,
    sort: 'last_seen',
    cell: ({ lastSeenAt }) => <Time value={lastSeenAt} />,
  },
  {
    id: 'enrolled',
    label: 'Enrolled',
    width: 120,
    sort: 'enrolled',
    cell: ({ enrolledAt }) => <Time value={enrolledAt} />,
  },
  { id: 'serial', label: 'Serial', width: 140, cell: ({ serial }) => text(serial) },
  { id: 'arch', label: 'Architecture', width: 110, cell: ({ arch }) => arch },
  { id: 'agent', label: 'Agent', width: 100, sort: 'agent', cell: ({ agentVersion }) => text(agentVersion) },
  { id: 'slot', label: 'Slot', width: 70, cell: ({ activeSlot }) => text(activeSlot?.toUpperCase()) },
  {
    id: 'cpu_busy',
    label: 'CPU',
    width: 80,
    align: 'right',
    cell: ({ telemetry }) => number(telemetry?.cpuBusy, (value) => percent(value, 1)),
  },
  {
    id: 'memory_used',
    label: 'Memory',
    width: 90,
    align: 'right',
    cell: ({ telemetry }) => used(telemetry?.memoryAvailable, telemetry?.memoryTotal),
  },
  {
    id: 'disk_used',
    label: 'Disk',
    width: 80,
    align: 'right',
    cell: ({ telemetry }) => used(telemetry?.diskFree, telemetry?.diskTotal),
  },
  {
    id: 'disk_free',
    label: 'Disk free',
    width: 100,
    align: 'right',
    cell: ({ telemetry }) => number(telemetry?.diskFree, bytes),
  },
  {
    id: 'cpu_temp',
    label: 'Temperature',
    width: 110,
    align: 'right',
    cell: ({ telemetry }) => number(telemetry?.temperature, (value) => `${Math.round(value)} °C`),
  },
  {
    id: 'uptime',
    label: 'Uptime',
    width: 100,
    align: 'right',
    cell: ({ telemetry }) => number(telemetry?.uptime, (value) => span(value * 1000)),
  },
  {
    id: 'restarts',
    label: 'Restarts',
    width: 90,
    align: 'right',
    cell: ({ telemetry }) => number(telemetry?.restarts, String),
  },
  { id: 'link', label: 'Link', width: 90, cell: ({ telemetry }) => text(telemetry?.link?.kind) },
  {
    id: 'certificate',
    label: 'Certificate ends',
    width: 130,
    cell: ({ certificateExpiresAt }) => <Time value={certificateExpiresAt} none="–" />,
  },
];

export const USUAL_COLUMNS = ['id', 'presence', 'health', 'class', 'version', 'alarms', 'tags', 'last_seen'];

const ofAttribute = (name: string): DeviceColumn => ({
  id: `attr.${name}`,
  label: name,
  width: 130,
  cell: ({ attributes }) => {
    const value = attributes[name];
    return value === undefined ? none : String(value);
  },
});

/** Those that are chosen, in the order of the list; the first is always there. */
export const chosenColumns = (chosen: readonly string[]): DeviceColumn[] => [
  ...COLUMNS.filter(({ id }) => id === 'id' || chosen.includes(id)),
  ...chosen.filter((id) => id.startsWith('attr.')).map((id) => ofAttribute(id.slice(5))),
];
