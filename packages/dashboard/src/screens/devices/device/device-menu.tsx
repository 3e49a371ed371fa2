import { Button, Group, Menu, Modal, Stack, TextInput, Tooltip } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import type { CommandRequest, Device } from '@slipway/protocol';
import { IconBulb, IconChevronDown, IconRefresh } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { api } from '../../../api.ts';
import { useConfirm, type Question } from '../../../parts/confirm.tsx';
import { useAction } from '../../../parts/use-action.ts';
import { useMaySomewhere } from '../../../session/session.tsx';
import { BULK, type BulkItem } from '../bulk-actions.ts';
import { BulkDialog } from '../bulk-dialog.tsx';
import { queryFields } from '../query-fields.ts';

type Step = 'accept' | 'reject' | 'revoke' | 'decommission';

const ASKED = 'Asked; the answer comes into its history';

const STEPS: Readonly<
  Record<
    Step,
    { readonly label: string; readonly states: readonly string[] } & Pick<
      Question,
      'consequences' | 'isDangerous'
    >
  >
> = {
  accept: {
    label: 'Accept',
    states: ['pending'],
    consequences: ['It gets its certificate when it asks the next time, and is of the fleet.'],
  },
  reject: {
    label: 'Reject',
    states: ['pending'],
    isDangerous: true,
    consequences: ['It gets nothing, whatever it asks.', 'The claim that it came with has a use more again.'],
  },
  revoke: {
    label: 'Revoke',
    states: ['active'],
    isDangerous: true,
    consequences: [
      'Its session ends, and it gets no certificate until it is enrolled anew.',
      'An update that is under way is given up.',
    ],
  },
  decommission: {
    label: 'Decommission',
    states: ['active', 'revoked'],
    isDangerous: true,
    consequences: [
      'It leaves the fleet for good: its session ends, its certificates are revoked.',
      'Its history stays. To come back it needs a claim for its id.',
    ],
  },
};
/** Of what is done to many, what belongs to one device, too. */
const OF_ONE = ['join', 'leave', 'channel'];
const ORDER: readonly Step[] = ['accept', 'reject', 'revoke', 'decommission'];

const Diagnose = ({ device, close }: { readonly device: Device; readonly close: () => void }) => {
  const [name, setName] = useState('');
  const ask = useAction({
    run: () => api.devices.createCommand(device.id, { name: 'diagnose', diagnostic: name.trim() }),
    done: ASKED,
    stale: ['timeline'],
    onDone: close,
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        ask.mutate();
      }}
    >
      <Stack gap="sm">
        <TextInput
          label="Diagnostic"
          description="The name of one that its image declares."
          placeholder="disk"
          data-autofocus
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>
            Cancel
          </Button>
          <Button type="submit" disabled={name.trim() === ''} loading={ask.isPending}>
            Run
          </Button>
        </Group>
      </Stack>
    </form>
  );
};

/** What can be asked of it, and how it comes into the fleet and leaves it. */
export const DeviceMenu = ({ device }: { readonly device: Device }) => {
  const may = useMaySomewhere('operate');
  const confirm = useConfirm();
  const [isDiagnosing, diagnosing] = useDisclosure();
  const [chosen, setChosen] = useState<BulkItem>();
  const fields = useQuery({ ...queryFields, enabled: chosen !== undefined });
  const selection = useMemo(() => ({ kind: 'some' as const, ids: new Set([device.id]) }), [device.id]);
  const ask = useAction({
    run: (request: CommandRequest) => api.devices.createCommand(device.id, request),
    done: ASKED,
    stale: ['timeline'],
  });
  const step = useAction({
    run: (name: Step) => api.devices[name](device.id),
    done: ({ id, state }) => `${id} is ${state} now`,
    stale: ['devices', 'overview', 'executions', 'timeline'],
  });
  if (!may) return null;

  const askFor = async (request: CommandRequest, question: Question): Promise<void> => {
    if (await confirm(question)) ask.mutate(request);
  };
  const take = async (name: Step): Promise<void> => {
    const { label, consequences, isDangerous } = STEPS[name];
    const yes = await confirm({
      title: `${label} ${device.name ?? device.id}?`,
      consequences: consequences ?? [],
      action: label,
      isDangerous: isDangerous === true,
      ...(name === 'decommission' ? { typed: device.id } : {}),
    });
    if (yes) step.mutate(name);
  };
  const steps = ORDER.filter((name) => STEPS[name].states.includes(device.state));
  const why = device.online ? undefined : 'It is offline; commands are not kept for later.';
  return (
    <>
      {device.state === 'active' ? (
        <>
          <Tooltip label={why ?? 'Blinks an LED for 15 s and says its name on the console'}>
            <Button
              variant="default"
              size="xs"
              leftSection={<IconBulb size={14} />}
              data-disabled={!device.online}
              aria-disabled={!device.online}
              onClick={() => device.online && ask.mutate({ name: 'identify', seconds: 15 })}
            >
              Identify
            </Button>
          </Tooltip>
          <Tooltip label={why ?? 'Restarts it'}>
            <Button
              variant="default"
              size="xs"
              leftSection={<IconRefresh size={14} />}
              data-disabled={!device.online}
              aria-disabled={!device.online}
              onClick={() =>
                device.online &&
                void askFor(
                  { name: 'reboot' },
                  {
                    title: `Reboot ${device.name ?? device.id}?`,
                    consequences: [
                      'What it does stops until it has started again.',
                      'It refuses while it tries a release.',
                    ],
                    action: 'Reboot',
                    isDangerous: true,
                  },
                )
              }
            >
              Reboot
            </Button>
          </Tooltip>
        </>
      ) : null}
      <Menu shadow="md" position="bottom-end">
        <Menu.Target>
          <Button variant="default" size="xs" rightSection={<IconChevronDown size={14} />}>
            More
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {device.state === 'active' ? (
            <>
              <Menu.Item disabled={!device.online} onClick={diagnosing.open}>
                Run a diagnostic …
              </Menu.Item>
              <Menu.Item disabled={!device.online} onClick={() => ask.mutate({ name: 'rebirth' })}>
                Have it say anew what it is
              </Menu.Item>
              <Menu.Item
                disabled={!device.online}
                onClick={() =>
                  void askFor(
                    { name: 'rollback' },
                    {
                      title: 'Go back to the release before?',
                      consequences: [
                        'It tries the release that is in its other slot, and restarts for it.',
                        'Its image must allow it (agent.remoteRollback).',
                      ],
                      action: 'Go back',
                      isDangerous: true,
                    },
                  )
                }
              >
                Go back a release …
              </Menu.Item>
              <Menu.Divider />
              {BULK.filter(({ id }) => OF_ONE.includes(id)).map((item) => (
                <Menu.Item key={item.id} onClick={() => setChosen(item)}>
                  {item.label}
                </Menu.Item>
              ))}
              <Menu.Divider />
            </>
          ) : null}
          {steps.map((name) => (
            <Menu.Item
              key={name}
              color={STEPS[name].isDangerous === true ? 'red' : undefined}
              onClick={() => void take(name)}
            >
              {STEPS[name].label} …
            </Menu.Item>
          ))}
          {steps.length === 0 ? (
            <Menu.Item disabled>It has left; a claim for its id lets it back</Menu.Item>
          ) : null}
        </Menu.Dropdown>
      </Menu>
      {chosen === undefined ? null : (
        <BulkDialog
          item={chosen}
          selection={selection}
          query=""
          fields={fields.data ?? []}
          close={() => setChosen(undefined)}
        />
      )}
      <Modal opened={isDiagnosing} onClose={diagnosing.close} title="Run a diagnostic">
        <Diagnose device={device} close={diagnosing.close} />
      </Modal>
    </>
  );
};
