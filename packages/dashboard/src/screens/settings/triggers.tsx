import { ActionIcon, Anchor, Box, Button, Menu, Stack, Switch, Text } from '@mantine/core';
import type { Trigger } from '@slipway/protocol';
import { IconBolt, IconDots } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../../api.ts';
import { useConfirm } from '../../parts/confirm.tsx';
import { DataTable, type Column } from '../../parts/data-table.tsx';
import { Empty } from '../../parts/empty.tsx';
import { Loaded } from '../../parts/loaded.tsx';
import { Panel } from '../../parts/panel.tsx';
import { Time } from '../../parts/time.tsx';
import { useAction } from '../../parts/use-action.ts';
import { useSearch } from '../../parts/use-search.ts';
import { useMay } from '../../session/session.tsx';
import { NamedTriggers } from './class-triggers.tsx';
import { HookSecretDialog, type ToldHook } from './hook-secret.tsx';
import { newHookSecret } from './new-hook-secret.ts';
import { NewTrigger } from './new-trigger.tsx';
import { Sources, useSources } from './sources.tsx';
import { TriggerDeliveries } from './trigger-deliveries.tsx';
import { follows, setOffBy } from './trigger-words.ts';

export default function Triggers() {
  const mayRelease = useMay('release');
  const [isMaking, setMaking] = useState(false);
  const [told, tell] = useState<ToldHook>();
  const [chosen, choose] = useSearch('trigger');
  const sources = useSources();
  const query = useQuery({
    queryKey: ['triggers'],
    queryFn: ({ signal }) => api.triggers.list({ limit: 1000 }, { signal }).all(),
    // Those that class files name come with commits.
    refetchInterval: 15_000,
  });
  const sourceName = (id: string | null): string =>
    id === null ? 'image repository' : (sources.data?.find((source) => source.id === id)?.name ?? id);
  const columns: Column<Trigger>[] = [
    {
      id: 'name',
      header: 'Trigger',
      cell: ({ id, name, classFile }) => (
        <Box>
          <Anchor
            component="button"
            type="button"
            size="sm"
            fw={500}
            ta="left"
            aria-expanded={chosen === id}
            onClick={() => choose(chosen === id ? '' : id)}
          >
            {name}
          </Anchor>
          {classFile === null ? null : (
            <Text size="xs" c="dimmed">
              from {classFile}
            </Text>
          )}
        </Box>
      ),
    },
    { id: 'on', header: 'Set off by', cell: ({ on }) => setOffBy(on) },
    {
      id: 'builds',
      header: 'Builds',
      from: 'sm',
      cell: ({ classes, source }) => (
        <Box>
          {classes === null ? 'every class' : classes.join(', ')}
          <Text size="xs" c="dimmed">
            from {sourceName(source)}
          </Text>
        </Box>
      ),
    },
    { id: 'then', header: 'Then', from: 'md', cell: ({ rule }) => follows(rule) },
    { id: 'next', header: 'Next', from: 'lg', cell: ({ nextAt }) => <Time value={nextAt} none="–" /> },
    { id: 'on-off', header: 'On', cell: (trigger) => <OnOff trigger={trigger} mayChange={mayRelease} /> },
    ...(mayRelease
      ? [
          {
            id: 'do',
            header: <span className="slipway-hidden">Actions</span>,
            align: 'right' as const,
            cell: (trigger: Trigger) => <TriggerActions trigger={trigger} tell={tell} />,
          },
        ]
      : []),
  ];
  const shown = query.data?.find(({ id, name }) => id === chosen || name === chosen);
  return (
    <Stack gap="md">
      <Panel
        title="Triggers"
        isFlush
        actions={
          mayRelease ? (
            <Button size="xs" leftSection={<IconBolt size={16} />} onClick={() => setMaking(true)}>
              New trigger
            </Button>
          ) : undefined
        }
      >
        <Loaded query={query} title="The triggers could not be read">
          {(triggers) => (
            <DataTable
              label="Triggers"
              columns={columns}
              rows={triggers}
              rowKey={({ id }) => id}
              empty={
                <Empty
                  icon={IconBolt}
                  title="Nothing is built by itself"
                  action={
                    mayRelease ? <Button onClick={() => setMaking(true)}>Make a trigger</Button> : undefined
                  }
                >
                  A trigger builds classes when something happens: a push, a pushed image, a time, a security
                  update upstream. It may publish what it built, too, once that has proven itself.
                </Empty>
              }
            />
          )}
        </Loaded>
      </Panel>
      {shown === undefined ? null : <TriggerDeliveries trigger={shown} />}
      <NamedTriggers />
      <Sources />
      <NewTrigger isOpen={isMaking} close={() => setMaking(false)} made={tell} />
      <HookSecretDialog told={told} close={() => tell(undefined)} />
    </Stack>
  );
}

const OnOff = ({ trigger, mayChange }: { readonly trigger: Trigger; readonly mayChange: boolean }) => {
  const change = useAction({
    run: (enabled: boolean) => api.triggers.update(trigger.id, { enabled }),
    done: ({ enabled }) => `${trigger.name} is ${enabled ? 'on' : 'off'}`,
    stale: ['triggers'],
  });
  return (
    <Switch
      checked={change.isPending ? change.variables : trigger.enabled}
      disabled={!mayChange}
      onChange={({ currentTarget }) => change.mutate(currentTarget.checked)}
      aria-label={`${trigger.name} is on`}
    />
  );
};

type TriggerActionsProps = { readonly trigger: Trigger; readonly tell: (told: ToldHook) => void };

const TriggerActions = ({ trigger, tell }: TriggerActionsProps) => {
  const { id, name, hook, classFile } = trigger;
  const confirm = useConfirm();
  const run = useAction({
    run: () => api.triggers.run(id, {}),
    done: `${name} is set off`,
    stale: ['triggers', 'builds'],
  });
  const rotate = useAction({
    run: async () => {
      const secret = newHookSecret();
      await api.triggers.update(id, { secret });
      return secret;
    },
    stale: ['triggers'],
    onDone: (secret) => tell({ name, hook, secret }),
  });
  const remove = useAction({
    run: () => api.triggers.delete(id),
    done: `${name} is deleted`,
    stale: ['triggers'],
  });
  const askToRotate = async (): Promise<void> => {
    const isSure = await confirm({
      title: `Another secret for ${name}?`,
      consequences: [
        'Notices that are signed by the present secret are refused at once.',
        'You are told the new one, to put it into the forge or registry.',
      ],
      action: 'Make another secret',
    });
    if (isSure) rotate.mutate();
  };
  const askToDelete = async (): Promise<void> => {
    const isSure = await confirm({
      title: `Delete the trigger ${name}?`,
      consequences: [
        'Its deliveries go with it; builds that it made stay.',
        'Its hook is answered as if it had never been.',
      ],
      action: 'Delete',
      isDangerous: true,
    });
    if (isSure) remove.mutate();
  };
  return (
    <Menu position="bottom-end" width={200}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={`What can be done with ${name}`}>
          <IconDots size={18} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => run.mutate()}>Set it off now</Menu.Item>
        {hook === null ? null : <Menu.Item onClick={() => void askToRotate()}>Another secret …</Menu.Item>}
        <Menu.Divider />
        {classFile === null ? (
          <Menu.Item className="slipway-danger" onClick={() => void askToDelete()}>
            Delete …
          </Menu.Item>
        ) : (
          <Menu.Label>{classFile} names it: change or remove it there</Menu.Label>
        )}
      </Menu.Dropdown>
    </Menu>
  );
};
