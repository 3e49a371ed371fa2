import type { Device } from '@slipway/protocol';
import { time } from '../table.ts';

export const DEVICE_HEADINGS = [
  'device',
  'class',
  'online',
  'health',
  'slot',
  'version',
  'last seen',
  'name',
  'tags',
  'alarms',
];

export const deviceLine = (device: Device): string[] => [
  device.id,
  device.deviceClass,
  device.state === 'active' ? (device.online ? 'online' : 'offline') : device.state,
  device.health ?? '-',
  device.activeSlot ?? '-',
  device.version ?? '-',
  time(device.lastSeenAt),
  device.name ?? '-',
  device.tags.join(' ') || '-',
  device.alarms.join(' '),
];
