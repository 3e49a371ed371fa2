import { ActionIcon, Anchor, Box, Button, Menu, Stack, Switch, Text } from '@mantine/core';
import type { Webhook } from '@slipway/protocol';
import { IconDots, IconWebhook } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../../api.ts';
import { useConfirm } from '../../parts/confirm.tsx';
import { DataTable, type Column } from '../../parts/data-table.tsx';
import { Empty } from '../../parts/empty.tsx';
import { Loaded } from '../../parts/loaded.tsx';
import { counted } from '../../parts/numbers.ts';
import { Panel } from '../../parts/panel.tsx';
import { StateBadge } from '../../parts/state-badge.tsx';
import { Time } from '../../parts/time.tsx';
import { useAction } from '../../parts/use-action.ts';
import { useSearch } from '../../parts/use-search.ts';
import { WebhookDeliveries } from './webhook-deliveries.tsx';
import { WebhookForm } from './webhook-form.tsx';
import { WebhookSecretDialog } from './webhook-secret.tsx';

type Told = { readonly url: string; readonly secret: string };

export default function Webhooks() {
  const [form, openForm] = useState<'new' | Webhook>();
  const [told, tell] = useState<Told>();
  const [chosen, choose] = useSearch('webhook');
  const query = useQuery({
    queryKey: ['webhooks'],
    queryFn: ({ signal }) => api.webhooks.list({ limit: 1000 }, { signal }).all(),
  });
  const columns: Column<Webhook>[] = [
    {
      id: 'url',
      header: 'Where',
      cell: ({ id, url, description }) => (
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
            {url}
          </Anchor>
          {description === '' ? null : (
            <Text size="xs" c="dimmed">
              {description}
            </Text>
          )}
        </Box>
      ),
    },
    {
      id: 'events',
      header: 'Events',
      from: 'sm',
      cell: ({ events }) =>
        events.length === 0 ? (
          'all'
        ) : (
          <Text span size="sm" title={events.join(', ')}>
            {events.length > 2 ? counted(events.length, 'kind') : events.join(', ')}
          </Text>
        ),
    },
    {
      id: 'state',
      header: 'State',
      cell: ({ enabled, disabledReason, failingSince }) =>
        enabled ? (
          failingSince === null ? (
            <StateBadge state="ok" />
          ) : (
            <Box>
              <StateBadge state="failing" tone="bad" />
              <Text size="xs" c="dimmed">
                since <Time value={failingSince} />
              </Text>
            </Box>
          )
        ) : (
          <Box>
            <StateBadge state="off" tone="gone" />
            {disabledReason === null ? null : (
              <Text size="xs" c="dimmed">
                {disabledReason}
              </Text>
            )}
          </Box>
        ),
    },
    { id: 'on', header: 'On', cell: (webhook) => <OnOff webhook={webhook} /> },
    {
      id: 'do',
      header: <span className="slipway-hidden">Actions</span>,
      align: 'right',
      cell: (webhook) => <WebhookActions webhook={webhook} edit={openForm} tell={tell} show={choose} />,
    },
  ];
  const shown = query.data?.find(({ id }) => id === chosen);
  return (
    <Stack gap="md">
      <Panel
        title="Webhooks"
        isFlush
        actions={
          <Button size="xs" leftSection={<IconWebhook size={16} />} onClick={() => openForm('new')}>
            New webhook
          </Button>
        }
      >
        <Loaded query={query} title="The webhooks could not be read">
          {(webhooks) => (
            <DataTable
              label="Webhooks"
              columns={columns}
              rows={webhooks}
              rowKey={({ id }) => id}
              empty={
                <Empty
                  icon={IconWebhook}
                  title="No server is told of anything"
                  action={<Button onClick={() => openForm('new')}>Make a webhook</Button>}
                >
                  A webhook posts events to an address of yours: a chat, a pager, a pipeline. Each is signed,
                  is tried again for a day, and every try is on record.
                </Empty>
              }
            />
          )}
        </Loaded>
      </Panel>
      {shown === undefined ? null : <WebhookDeliveries webhook={shown} />}
      <WebhookForm
        isOpen={form !== undefined}
        webhook={form === 'new' ? undefined : form}
        close={() => openForm(undefined)}
        made={tell}
      />
      <WebhookSecretDialog told={told} close={() => tell(undefined)} />
    </Stack>
  );
}

const OnOff = ({ webhook }: { readonly webhook: Webhook }) => {
  const change = useAction({
    run: (enabled: boolean) => api.webhooks.update(webhook.id, { enabled }),
    done: ({ enabled }) => `The webhook is ${enabled ? 'on' : 'off'}`,
    stale: ['webhooks'],
  });
  return (
    <Switch
      checked={change.isPending ? change.variables : webhook.enabled}
      onChange={({ currentTarget }) => change.mutate(currentTarget.checked)}
      aria-label={`${webhook.url} is on`}
    />
  );
};

type WebhookActionsProps = {
  readonly webhook: Webhook;
  readonly edit: (webhook: Webhook) => void;
  readonly tell: (told: Told) => void;
  readonly show: (id: string) => void;
};

const WebhookActions = ({ webhook, edit, tell, show }: WebhookActionsProps) => {
  const { id, url } = webhook;
  const confirm = useConfirm();
  const ping = useAction({
    run: () => api.webhooks.ping(id),
    done: 'A ping is on its way',
    stale: ['webhook-deliveries'],
    onDone: () => show(id),
  });
  const rotate = useAction({
    run: () => api.webhooks.rotate(id, {}),
    stale: ['webhooks'],
    onDone: ({ secret }) => tell({ url, secret }),
  });
  const remove = useAction({
    run: () => api.webhooks.delete(id),
    done: 'The webhook is deleted',
    stale: ['webhooks'],
  });
  const askToRotate = async (): Promise<void> => {
    const isSure = await confirm({
      title: 'Another secret?',
      consequences: [
        'For a day deliveries are signed by both, so the receiver can change over meanwhile.',
        'You are told the new one now, and never again.',
      ],
      action: 'Make another secret',
    });
    if (isSure) rotate.mutate();
  };
  const askToDelete = async (): Promise<void> => {
    const isSure = await confirm({
      title: 'Delete this webhook?',
      text: url,
      consequences: ['Events that wait to be delivered there are dropped, with the record of earlier ones.'],
      action: 'Delete',
      isDangerous: true,
    });
    if (isSure) remove.mutate();
  };
  return (
    <Menu position="bottom-end" width={200}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={`What can be done with ${url}`}>
          <IconDots size={18} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => ping.mutate()}>Send a ping</Menu.Item>
        <Menu.Item onClick={() => edit(webhook)}>Change …</Menu.Item>
        <Menu.Item onClick={() => void askToRotate()}>Another secret …</Menu.Item>
        <Menu.Divider />
        <Menu.Item className="slipway-danger" onClick={() => void askToDelete()}>
          Delete …
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
};
