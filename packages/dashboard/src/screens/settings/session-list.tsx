import { Button, Group, Text } from '@mantine/core';
import type { Session } from '@slipway/protocol';
import { useQuery } from '@tanstack/react-query';
import { api } from '../../api.ts';
import { DataTable, type Column } from '../../parts/data-table.tsx';
import { Loaded } from '../../parts/loaded.tsx';
import { Time } from '../../parts/time.tsx';
import { useAction } from '../../parts/use-action.ts';
import { browserOf } from './browser-of.ts';

/** @param isOfAll of everybody, as admins see them; otherwise the own ones */
export const SessionList = ({ isOfAll = false }: { readonly isOfAll?: boolean }) => {
  const query = useQuery({
    queryKey: ['sessions', isOfAll ? 'all' : 'own'],
    queryFn: ({ signal }) => api.sessions.list({ all: isOfAll }, { signal }),
  });
  const end = useAction({
    run: ({ id }: Session) => api.sessions.delete(id),
    done: 'The session is over',
    stale: ['sessions'],
  });
  const columns: Column<Session>[] = [
    ...(isOfAll
      ? [
          {
            id: 'user',
            header: 'Who',
            cell: ({ userName }: Session) => (
              <Text span fw={500} size="sm">
                {userName}
              </Text>
            ),
          },
        ]
      : []),
    {
      id: 'where',
      header: 'Where',
      cell: ({ agent, kind, isThis }) => (
        <Group gap="xs">
          <Text span size="sm" title={agent}>
            {browserOf(agent, kind)}
          </Text>
          {isThis ? (
            <Text span size="sm" c="dimmed">
              this one
            </Text>
          ) : null}
        </Group>
      ),
    },
    { id: 'address', header: 'Address', from: 'sm', cell: ({ address }) => address },
    { id: 'seen', header: 'Last seen', cell: ({ lastSeenAt }) => <Time value={lastSeenAt} /> },
    { id: 'since', header: 'Since', from: 'md', cell: ({ createdAt }) => <Time value={createdAt} /> },
    {
      id: 'ends',
      header: 'Ends at the latest',
      from: 'lg',
      cell: ({ expiresAt }) => <Time value={expiresAt} />,
    },
    {
      id: 'do',
      header: <span className="slipway-hidden">Actions</span>,
      align: 'right',
      cell: (session) =>
        session.isThis ? null : (
          <Button
            size="compact-xs"
            variant="subtle"
            className="slipway-danger"
            loading={end.isPending && end.variables.id === session.id}
            onClick={() => end.mutate(session)}
          >
            End it
          </Button>
        ),
    },
  ];
  return (
    <Loaded query={query} title="The sessions could not be read">
      {(sessions) => (
        <DataTable
          label="Sessions"
          columns={columns}
          rows={[...sessions].sort((a, b) => b.lastSeenAt.localeCompare(a.lastSeenAt))}
          rowKey={({ id }) => id}
          empty={
            <Text size="sm" c="dimmed" p="md">
              Nobody is logged in; you are here by a token.
            </Text>
          }
        />
      )}
    </Loaded>
  );
};
