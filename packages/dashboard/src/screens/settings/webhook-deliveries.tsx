import { Anchor, Button, Code, Modal, SegmentedControl, Stack, Text } from '@mantine/core';
import { WebhookDeliveryState, type Webhook, type WebhookDelivery } from '@slipway/protocol';
import { IconSend } from '@tabler/icons-react';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../../api.ts';
import { DataTable, type Column } from '../../parts/data-table.tsx';
import { Empty } from '../../parts/empty.tsx';
import { Failure } from '../../parts/failure.tsx';
import { Lines, Loaded } from '../../parts/loaded.tsx';
import { More } from '../../parts/more.tsx';
import { Panel } from '../../parts/panel.tsx';
import { StateBadge } from '../../parts/state-badge.tsx';
import { Time } from '../../parts/time.tsx';
import { useAction } from '../../parts/use-action.ts';
import { useSearch } from '../../parts/use-search.ts';

const PAGE = 25;
const TONES = { pending: 'waiting', delivered: 'good', failed: 'bad' } as const;

/** What was posted to a webhook, or is to be. */
export const WebhookDeliveries = ({ webhook }: { readonly webhook: Webhook }) => {
  const [state, setState] = useSearch('deliveries', 'all');
  const [open, setOpen] = useState<string>();
  const wanted = WebhookDeliveryState.safeParse(state).data;
  const query = useInfiniteQuery({
    queryKey: ['webhook-deliveries', webhook.id, state],
    queryFn: ({ pageParam, signal }) =>
      api.webhooks.listDeliveries(webhook.id, { limit: PAGE, state: wanted }, { signal }).page(pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }) => next,
  });
  const again = useAction({
    run: ({ id }: WebhookDelivery) => api.webhooks.redeliverDelivery(webhook.id, id),
    done: 'It is posted again, by the same id',
    stale: ['webhook-deliveries'],
  });
  const deliveries = query.data?.pages.flatMap(({ items }) => items);
  const columns: Column<WebhookDelivery>[] = [
    { id: 'when', header: 'When', cell: ({ createdAt }) => <Time value={createdAt} /> },
    {
      id: 'event',
      header: 'Event',
      cell: ({ id, event }) => (
        <Anchor component="button" type="button" size="sm" onClick={() => setOpen(id)}>
          {event}
        </Anchor>
      ),
    },
    { id: 'state', header: 'State', cell: (one) => <StateBadge state={one.state} tone={TONES[one.state]} /> },
    { id: 'tries', header: 'Tries', align: 'right', from: 'sm', cell: ({ attempts }) => attempts },
    {
      id: 'next',
      header: 'Next try',
      from: 'sm',
      cell: ({ nextAttemptAt }) => <Time value={nextAttemptAt} none="–" />,
    },
    {
      id: 'do',
      header: <span className="slipway-hidden">Actions</span>,
      align: 'right',
      cell: (one) =>
        one.state === 'pending' ? null : (
          <Button size="compact-xs" variant="subtle" onClick={() => again.mutate(one)}>
            Post it again
          </Button>
        ),
    },
  ];
  return (
    <Panel
      title="Deliveries"
      isFlush
      actions={
        <SegmentedControl
          size="xs"
          aria-label="Which deliveries"
          data={['all', ...WebhookDeliveryState.options]}
          value={state}
          onChange={setState}
        />
      }
    >
      {query.error === null ? (
        <DataTable
          label="Deliveries"
          columns={columns}
          rows={deliveries}
          rowKey={({ id }) => id}
          empty={
            <Empty
              icon={IconSend}
              title={wanted === undefined ? 'Nothing was posted yet' : `None is ${wanted}`}
            >
              Send a ping to see whether the receiver answers.
            </Empty>
          }
        />
      ) : (
        <Failure error={query.error} retry={() => void query.refetch()} />
      )}
      <More query={query} shown={deliveries?.length ?? 0} what="delivery" many="deliveries" />
      <Modal
        opened={open !== undefined}
        onClose={() => setOpen(undefined)}
        title={<Text fw={600}>Delivery {open}</Text>}
        size="xl"
      >
        {open === undefined ? null : <Delivery webhook={webhook.id} id={open} />}
      </Modal>
    </Panel>
  );
};

const pretty = (body: string): string => {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
};

const Delivery = ({ webhook, id }: { readonly webhook: string; readonly id: string }) => {
  const query = useQuery({
    queryKey: ['webhook-deliveries', webhook, 'one', id],
    queryFn: ({ signal }) => api.webhooks.getDelivery(webhook, id, { signal }),
  });
  return (
    <Loaded query={query} skeleton={<Lines count={8} />}>
      {({ body, tries }) => (
        <Stack>
          <DataTable
            label="Tries"
            rows={tries}
            rowKey={({ number }) => String(number)}
            empty={
              <Text size="sm" c="dimmed">
                It was not tried yet.
              </Text>
            }
            columns={[
              { id: 'number', header: 'Try', cell: ({ number }) => number },
              { id: 'at', header: 'When', cell: ({ at }) => <Time value={at} as="local" /> },
              {
                id: 'ms',
                header: 'Took',
                align: 'right',
                cell: ({ ms }) => (ms === null ? 'under way' : `${ms} ms`),
              },
              {
                id: 'answer',
                header: 'Answer',
                cell: ({ status, failure, detail }) => (
                  <>
                    {status ?? ''} {failure ?? ''}
                    {detail === null ? null : (
                      <Text size="xs" c="dimmed">
                        {detail}
                      </Text>
                    )}
                  </>
                ),
              },
            ]}
          />
          <Text size="sm" fw={600}>
            What is posted
          </Text>
          <Code block tabIndex={0} mah={300} style={{ overflow: 'auto' }}>
            {pretty(body)}
          </Code>
        </Stack>
      )}
    </Loaded>
  );
};
