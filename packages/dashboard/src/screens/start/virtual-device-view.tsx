import { Anchor, Button, Collapse, Group, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import type { VirtualDevice } from '@slipway/protocol';
import { Link } from 'react-router';
import { api } from '../../api.ts';
import { useConfirm } from '../../parts/confirm.tsx';
import { StateBadge } from '../../parts/state-badge.tsx';
import { useAction } from '../../parts/use-action.ts';
import { useMay } from '../../session/session.tsx';
import { ConsoleView } from './console-view.tsx';
import { Problem } from './parts.tsx';

const TONE = { preparing: 'busy', running: 'good', off: 'gone', failed: 'bad' } as const;
const WORD = {
  preparing: 'being made',
  running: 'switched on',
  off: 'switched off',
  failed: 'failed',
} as const;

/** A device in QEMU: its power switch, and what it prints. */
export const VirtualDeviceView = ({
  device,
  isOpen = true,
}: {
  readonly device: VirtualDevice;
  readonly isOpen?: boolean;
}) => {
  const { id, deviceClass, version, state, message, httpPort } = device;
  const mayOperate = useMay('operate');
  const confirm = useConfirm();
  const [isShown, { toggle }] = useDisclosure(isOpen);
  const stale = ['virtual-devices'];
  const start = useAction({ run: () => api.virtualDevices.start(id), stale });
  const stop = useAction({ run: () => api.virtualDevices.stop(id), stale });
  const remove = useAction({ run: () => api.virtualDevices.delete(id), done: `${id} is removed`, stale });
  const askToRemove = async (): Promise<void> => {
    const isSure = await confirm({
      title: `Remove ${id}?`,
      consequences: [
        'Its disk is gone for good.',
        'In the fleet it stays as a device that is not connected, until it is decommissioned.',
      ],
      action: 'Remove it',
      isDangerous: true,
    });
    if (isSure) remove.mutate();
  };
  return (
    <Stack gap="xs">
      <Group gap="sm">
        <StateBadge state={state} tone={TONE[state]} label={WORD[state]} />
        <Anchor component={Link} to={`/devices/${id}`} size="sm">
          {id}
        </Anchor>
        <Text size="sm" c="dimmed">
          made of {deviceClass} {version}
        </Text>
        {httpPort === null ? null : (
          <Anchor href={`http://127.0.0.1:${httpPort}/`} target="_blank" rel="noreferrer" size="sm">
            Its web page (on the machine of the server)
          </Anchor>
        )}
      </Group>
      {message === null ? null : <Problem title="It ended by itself">{message}</Problem>}
      <Group gap="xs">
        {mayOperate ? (
          <>
            {state === 'running' || state === 'preparing' ? (
              <Button size="xs" variant="default" onClick={() => stop.mutate()} loading={stop.isPending}>
                Pull its plug
              </Button>
            ) : (
              <Button size="xs" onClick={() => start.mutate()} loading={start.isPending}>
                Switch it on
              </Button>
            )}
            <Button
              size="xs"
              variant="subtle"
              className="slipway-danger"
              onClick={() => void askToRemove()}
              loading={remove.isPending}
            >
              Remove
            </Button>
          </>
        ) : null}
        <Button size="xs" variant="subtle" onClick={toggle} aria-expanded={isShown}>
          {isShown ? 'Hide the console' : 'Show the console'}
        </Button>
      </Group>
      <Collapse expanded={isShown}>{isShown ? <ConsoleView id={id} /> : null}</Collapse>
    </Stack>
  );
};
