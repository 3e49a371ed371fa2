import { Alert, List, Text } from '@mantine/core';
import type { AlarmName, Device } from '@slipway/protocol';
import { IconAlertTriangle } from '@tabler/icons-react';
import { alarmWord } from '../columns.tsx';

/** What it is, and what to do. */
const ADVICE: Readonly<Record<AlarmName, string>> = {
  offline: 'not connected for more than a day. Look at its power and network.',
  unhealthy: 'a gate of the health check does not hold. Look at its services and logs.',
  degraded:
    'a slot has failed, so there is no release to go back to, or a service has stopped. The next update writes the slot anew.',
  disk_full: 'at least 90 % of the data partition is used. Free room before an update fails for it.',
  hot: '85 °C or more. Look at cooling and load.',
  certificate_expiring:
    'it should have renewed it by itself. Look at its clock, and whether it reaches the server.',
  service_restarting: 'a service keeps restarting. Read its log.',
};

export const Alarms = ({ device }: { readonly device: Device }) => {
  const failing = device.telemetry?.failing ?? [];
  if (device.alarms.length === 0) return null;
  return (
    <Alert color="orange" icon={<IconAlertTriangle />} title="Something is wrong with it">
      <List size="sm" spacing={2} listStyleType="none">
        {device.alarms.map((alarm) => (
          <List.Item key={alarm}>
            <Text span fw={600} inherit>
              {alarmWord(alarm)}
            </Text>
            : {ADVICE[alarm]}
          </List.Item>
        ))}
      </List>
      {failing.length === 0 ? null : <Text size="sm">Gates that do not hold: {failing.join(', ')}</Text>}
    </Alert>
  );
};
