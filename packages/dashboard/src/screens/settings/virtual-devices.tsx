import { Button, Group, Select, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../../api.ts';
import { Copyable } from '../../parts/copyable.tsx';
import { Panel } from '../../parts/panel.tsx';
import { useAction } from '../../parts/use-action.ts';
import { useMay } from '../../session/session.tsx';
import { useClasses, useVirtualDevices } from '../start/use-newest.ts';
import { VirtualDeviceView } from '../start/virtual-device-view.tsx';

/** Devices in QEMU that the server starts, where it may. */
export const VirtualDevices = () => {
  const mayOperate = useMay('operate');
  const devices = useVirtualDevices().data ?? [];
  const classes = useClasses();
  const [chosen, choose] = useState<string | null>(null);
  const { data: firstRun } = useQuery({
    queryKey: ['first-run'],
    queryFn: ({ signal }) => api.firstRun.get({ signal }),
  });
  const max = firstRun?.virtualDevices ?? 0;
  const deviceClass = chosen ?? classes.data?.[0]?.name ?? null;
  const make = useAction({
    run: () => api.virtualDevices.create({ deviceClass: deviceClass ?? '' }),
    stale: ['virtual-devices'],
  });
  return (
    <Panel title="Virtual devices">
      <Stack gap="md">
        <Text size="sm">
          Devices in QEMU, made of the newest build of a class. They are in the fleet like any others.
          {max === 0 ? ' This server starts none by itself; on a machine with QEMU that reaches it:' : ''}
        </Text>
        {max === 0 ? (
          <Copyable text="slipway virtual-device FOLDER --class CLASS" what="the command" />
        ) : null}
        {devices.map((device) => (
          <VirtualDeviceView key={device.id} device={device} isOpen={false} />
        ))}
        {max > devices.length && mayOperate ? (
          <Group gap="xs" align="flex-end">
            <Select
              label="Class"
              data={classes.data?.map(({ name }) => name) ?? []}
              value={deviceClass}
              onChange={choose}
              allowDeselect={false}
              w={220}
            />
            <Button
              variant="default"
              onClick={() => make.mutate()}
              loading={make.isPending}
              disabled={deviceClass === null}
            >
              Start a virtual device
            </Button>
          </Group>
        ) : null}
      </Stack>
    </Panel>
  );
};
