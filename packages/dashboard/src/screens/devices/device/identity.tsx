import { Anchor, Badge, Group, Text } from '@mantine/core';
import type { Device } from '@slipway/protocol';
import { Link } from 'react-router';
import { Copyable } from '../../../parts/copyable.tsx';
import { Panel } from '../../../parts/panel.tsx';
import { Time } from '../../../parts/time.tsx';
import { devicesPath } from '../../overview/targets.ts';
import { Facts } from './facts.tsx';

const DAY_MS = 86_400_000;
const SOON_MS = 14 * DAY_MS;

const Certificate = ({ device }: { readonly device: Device }) => {
  const { certificateExpiresAt: end, revokedAt } = device;
  if (revokedAt !== null)
    return (
      <Text span size="sm" c="red" component="span">
        revoked <Time value={revokedAt} />
      </Text>
    );
  if (end === null) return <>none yet</>;
  const left = Date.parse(end) - Date.now();
  return (
    <Text span size="sm" c={left < SOON_MS ? 'red' : undefined} component="span">
      {left < 0 ? 'ended' : 'ends'} <Time value={end} />
      {left < SOON_MS ? ': the device should have renewed it by itself' : ''}
    </Text>
  );
};

/** By name, or by how far its clocks were ahead when it last came. */
const zoneOf = ({ timeZone, utcOffset }: Device): string => {
  if (utcOffset === null) return timeZone ?? 'not told';
  const minutes = Math.round(Math.abs(utcOffset) / 60);
  const clock = `UTC${utcOffset < 0 ? '−' : '+'}${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}`;
  return timeZone === null ? clock : `${timeZone} (${clock})`;
};

/** Who it is. */
export const Identity = ({ device }: { readonly device: Device }) => (
  <Panel title="Identity">
    <Facts
      facts={[
        ['Id', <Copyable key="id" text={device.id} what="id" />],
        ['Serial', device.serial ?? '–'],
        [
          'Class',
          <Anchor key="class" component={Link} size="sm" to={`/classes/${device.deviceClass}`}>
            {device.deviceClass}
          </Anchor>,
        ],
        ['Architecture', device.arch],
        ['Channel', device.channel ?? 'none; what is rolled out to its class'],
        ['Agent', device.agentVersion ?? '–'],
        ['Time zone', zoneOf(device)],
        ['Enrolled', <Time key="enrolled" value={device.enrolledAt} />],
        ['Last seen', <Time key="seen" value={device.lastSeenAt} />],
        [
          'Certificate',
          <Group key="certificate" gap={6}>
            <Certificate device={device} />
            <Anchor component={Link} size="sm" to="?tab=certificate">
              more
            </Anchor>
          </Group>,
        ],
        [
          'Groups',
          (device.groups ?? []).length === 0 ? (
            'none'
          ) : (
            <Group key="groups" gap={4}>
              {(device.groups ?? []).map(({ id, name }) => (
                <Badge
                  key={id}
                  component={Link}
                  to={devicesPath(`group = ${name}`)}
                  variant="default"
                  radius="sm"
                  tt="none"
                  fw={500}
                  style={{ cursor: 'pointer' }}
                >
                  {name}
                </Badge>
              ))}
            </Group>
          ),
        ],
      ]}
    />
  </Panel>
);
