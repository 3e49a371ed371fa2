import { Anchor, Button, Group, Text } from '@mantine/core';
import { Link } from 'react-router';
import { api } from '../../api.ts';
import { Copyable } from '../../parts/copyable.tsx';
import { useAction } from '../../parts/use-action.ts';
import { useMay } from '../../session/session.tsx';
import { Unless } from './parts.tsx';
import type { StepProps } from './page.tsx';
import { useReleases, useVirtualDevices } from './use-newest.ts';
import { VirtualDeviceView } from './virtual-device-view.tsx';

export const DeviceStep = ({ firstRun }: StepProps) => {
  const mayOperate = useMay('operate');
  const released = useReleases().data?.find(({ state }) => state === 'published');
  const virtual = useVirtualDevices().data ?? [];
  const make = useAction({
    run: () => api.virtualDevices.create({ deviceClass: released?.deviceClass ?? '' }),
    stale: ['virtual-devices'],
  });
  const deviceClass = released?.deviceClass ?? 'CLASS';
  return (
    <>
      <Text size="sm">
        A device starts the disk image with a <b>claim token</b> on it, makes a key of its own and asks for a
        certificate: then it is in the fleet. A <b>virtual device</b> does the same in QEMU: firmware, boot
        loader and agent are the real ones.
      </Text>
      {virtual.map((device) => (
        <VirtualDeviceView key={device.id} device={device} />
      ))}
      {firstRun.virtualDevices > 0 ? (
        virtual.length > 0 ? null : (
          <Unless isAllowed={mayOperate} access="operate">
            <Group gap="sm">
              <Button
                onClick={() => make.mutate()}
                loading={make.isPending}
                disabled={released === undefined}
              >
                Start a virtual device
              </Button>
              <Text size="sm" c="dimmed">
                It takes 768 MB of memory, and a minute or two to boot.
              </Text>
            </Group>
          </Unless>
        )
      ) : (
        <>
          <Text size="sm">This server starts none by itself. On a machine with QEMU that reaches it:</Text>
          <Copyable text={`slipway virtual-device porch --class ${deviceClass}`} what="the command" />
        </>
      )}
      <Text size="sm" c="dimmed">
        You have a real one?{' '}
        <Anchor component={Link} to="/settings/claims" size="sm" underline="always">
          Make a claim token
        </Anchor>{' '}
        for it.
      </Text>
    </>
  );
};
