import { Button, Group, Text } from '@mantine/core';
import type { ApiToken } from '@slipway/protocol';
import { IconKey } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { api } from '../../api.ts';
import { useConfirm } from '../../parts/confirm.tsx';
import { DataTable, type Column } from '../../parts/data-table.tsx';
import { Empty } from '../../parts/empty.tsx';
import { Loaded } from '../../parts/loaded.tsx';
import { StateBadge } from '../../parts/state-badge.tsx';
import { Time } from '../../parts/time.tsx';
import { useAction } from '../../parts/use-action.ts';

const stateOf = ({ revokedAt, expiresAt }: ApiToken, now: number): string => {
  if (revokedAt !== null) return 'revoked';
  return expiresAt !== null && Date.parse(expiresAt) <= now ? 'expired' : 'active';
};

/** @param isOfAll of everybody, as admins see them; otherwise the own ones */
export const TokenList = ({ isOfAll = false }: { readonly isOfAll?: boolean }) => {
  const confirm = useConfirm();
  const query = useQuery({
    queryKey: ['tokens', isOfAll ? 'all' : 'own'],
    queryFn: ({ signal }) => api.tokens.list({ all: isOfAll, limit: 1000 }, { signal }).all(2000),
  });
  const revoke = useAction({
    run: ({ id }: ApiToken) => api.tokens.delete(id),
    done: 'The token is revoked',
    stale: ['tokens'],
  });
  const ask = async (token: ApiToken): Promise<void> => {
    const isSure = await confirm({
      title: `Revoke the token ${token.name}?`,
      consequences: [
        'Whoever asks with it is refused from now on.',
        token.userName === null
          ? 'It is a token of the server itself, such as the one in the data directory: commands on that machine stop working until another is made.'
          : 'It cannot be made good again; make a new one instead.',
      ],
      action: 'Revoke',
      isDangerous: true,
    });
    if (isSure) revoke.mutate(token);
  };
  const now = Date.now();
  const columns: Column<ApiToken>[] = [
    {
      id: 'name',
      header: 'Name',
      cell: ({ name }) => (
        <Text span fw={500} size="sm">
          {name}
        </Text>
      ),
    },
    ...(isOfAll
      ? [{ id: 'user', header: 'Of', cell: ({ userName }: ApiToken) => userName ?? 'the server' }]
      : []),
    { id: 'state', header: 'State', cell: (token) => <StateBadge state={stateOf(token, now)} /> },
    { id: 'scopes', header: 'May', from: 'sm', cell: ({ scopes }) => scopes.join(', ') },
    {
      id: 'used',
      header: 'Last used',
      from: 'sm',
      cell: ({ lastUsedAt }) => <Time value={lastUsedAt} />,
    },
    {
      id: 'ends',
      header: 'Ends',
      from: 'md',
      cell: ({ expiresAt }) => <Time value={expiresAt} none="when revoked" />,
    },
    { id: 'made', header: 'Made', from: 'lg', cell: ({ createdAt }) => <Time value={createdAt} /> },
    {
      id: 'do',
      header: <span className="slipway-hidden">Actions</span>,
      align: 'right',
      cell: (token) =>
        token.revokedAt === null ? (
          <Button
            size="compact-xs"
            variant="subtle"
            className="slipway-danger"
            onClick={() => void ask(token)}
          >
            Revoke
          </Button>
        ) : null,
    },
  ];
  return (
    <Loaded query={query} title="The tokens could not be read">
      {(tokens) => (
        <DataTable
          label="API tokens"
          columns={columns}
          rows={[...tokens].sort((a, b) => Number(a.revokedAt !== null) - Number(b.revokedAt !== null))}
          rowKey={({ id }) => id}
          empty={
            <Empty icon={IconKey} title="No tokens">
              <Group justify="center">
                A token lets a program ask for you: a pipeline that builds, a script that looks. It does what
                its scopes say, and no more than you may.
              </Group>
            </Empty>
          }
        />
      )}
    </Loaded>
  );
};
