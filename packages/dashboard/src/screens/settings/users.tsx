import { Anchor, Button, Group, Menu, Text } from '@mantine/core';
import type { User } from '@slipway/protocol';
import { IconDots, IconUserPlus, IconUsers } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'react-router';
import { ActionIcon } from '@mantine/core';
import { api } from '../../api.ts';
import { useConfirm } from '../../parts/confirm.tsx';
import { DataTable, type Column } from '../../parts/data-table.tsx';
import { Empty } from '../../parts/empty.tsx';
import { Loaded } from '../../parts/loaded.tsx';
import { Panel } from '../../parts/panel.tsx';
import { StateBadge } from '../../parts/state-badge.tsx';
import { Time } from '../../parts/time.tsx';
import { useAction } from '../../parts/use-action.ts';
import { useMe } from '../../session/session.tsx';
import { UserForm } from './user-form.tsx';
import { SetPassword } from './set-password.tsx';
import { useGroups } from './use-groups.ts';

type Opened = { readonly kind: 'new' } | { readonly kind: 'roles' | 'password'; readonly user: User };

export default function Users() {
  const me = useMe();
  const groups = useGroups();
  const [opened, open] = useState<Opened>();
  const query = useQuery({
    queryKey: ['users'],
    queryFn: ({ signal }) => api.users.list({ limit: 1000 }, { signal }).all(),
  });
  const groupName = (id: string): string => groups.data?.find((group) => group.id === id)?.name ?? id;
  const columns: Column<User>[] = [
    {
      id: 'name',
      header: 'Name',
      cell: (user) => (
        <Group gap="xs">
          <Text span fw={500} size="sm">
            {user.name}
          </Text>
          {user.id === me.user?.id ? (
            <Text span c="dimmed" size="sm">
              you
            </Text>
          ) : null}
        </Group>
      ),
    },
    {
      id: 'state',
      header: 'State',
      cell: ({ disabledAt }) =>
        disabledAt === null ? <StateBadge state="active" /> : <StateBadge state="disabled" tone="gone" />,
    },
    { id: 'role', header: 'On the whole fleet', cell: ({ role }) => role ?? <Text c="dimmed">no role</Text> },
    {
      id: 'groups',
      header: 'On groups',
      from: 'sm',
      cell: ({ groupRoles }) =>
        groupRoles.length === 0 ? (
          <Text c="dimmed">–</Text>
        ) : (
          groupRoles.map(({ group, role }) => `${groupName(group)}: ${role}`).join(', ')
        ),
    },
    { id: 'created', header: 'Since', from: 'md', cell: ({ createdAt }) => <Time value={createdAt} /> },
    {
      id: 'password',
      header: 'Password',
      from: 'lg',
      cell: ({ passwordChangedAt }) => <Time value={passwordChangedAt} />,
    },
    {
      id: 'do',
      header: <span className="slipway-hidden">Actions</span>,
      align: 'right',
      cell: (user) => <UserActions user={user} isSelf={user.id === me.user?.id} open={open} />,
    },
  ];
  return (
    <Panel
      title="Users"
      isFlush
      actions={
        <Button size="xs" leftSection={<IconUserPlus size={16} />} onClick={() => open({ kind: 'new' })}>
          New user
        </Button>
      }
    >
      <Loaded query={query} title="The users could not be read">
        {(users) => (
          <DataTable
            label="Users"
            columns={columns}
            rows={users}
            rowKey={({ id }) => id}
            empty={
              <Empty icon={IconUsers} title="There are no users">
                You are here by a token of the server. Make a user for everybody who works with the fleet, so
                that the audit log names them.
              </Empty>
            }
          />
        )}
      </Loaded>
      <UserForm
        isOpen={opened?.kind === 'new' || opened?.kind === 'roles'}
        user={opened?.kind === 'roles' ? opened.user : undefined}
        close={() => open(undefined)}
      />
      <SetPassword
        user={opened?.kind === 'password' ? opened.user : undefined}
        close={() => open(undefined)}
      />
      <Text size="sm" c="dimmed" px="md" py="xs">
        What each of them changed is in the{' '}
        <Anchor component={Link} to="/audit" size="sm" underline="always">
          audit log
        </Anchor>
        .
      </Text>
    </Panel>
  );
}

type UserActionsProps = {
  readonly user: User;
  readonly isSelf: boolean;
  readonly open: (what: Opened) => void;
};

const UserActions = ({ user, isSelf, open }: UserActionsProps) => {
  const confirm = useConfirm();
  const stale = ['users', 'sessions', 'tokens'];
  const change = useAction({
    run: (disabled: boolean) => api.users.update(user.id, { disabled }),
    done: ({ disabledAt }) => `${user.name} is ${disabledAt === null ? 'enabled' : 'disabled'}`,
    stale,
  });
  const remove = useAction({ run: () => api.users.delete(user.id), done: `${user.name} is deleted`, stale });
  const disable = async (): Promise<void> => {
    const isSure = await confirm({
      title: `Disable ${user.name}?`,
      consequences: [
        'All their sessions end at once, and their tokens are void.',
        'They can be enabled again, and have the roles they had.',
      ],
      action: 'Disable',
      isDangerous: true,
    });
    if (isSure) change.mutate(true);
  };
  const askToDelete = async (): Promise<void> => {
    const isSure = await confirm({
      title: `Delete ${user.name}?`,
      consequences: [
        'Their sessions and tokens are gone at once; programs that ask with their tokens are refused.',
        'The audit log goes on naming them, so nobody else is ever given this name.',
      ],
      action: 'Delete for good',
      isDangerous: true,
      typed: user.name,
    });
    if (isSure) remove.mutate();
  };
  return (
    <Menu position="bottom-end" width={200}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={`What can be done with ${user.name}`}>
          <IconDots size={18} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => open({ kind: 'roles', user })}>Change roles …</Menu.Item>
        <Menu.Item onClick={() => open({ kind: 'password', user })}>Set a password …</Menu.Item>
        <Menu.Item component={Link} to={`/audit?actor=${encodeURIComponent(user.name)}`}>
          What they changed
        </Menu.Item>
        <Menu.Divider />
        {user.disabledAt === null ? (
          <Menu.Item onClick={() => void disable()} disabled={isSelf}>
            Disable …
          </Menu.Item>
        ) : (
          <Menu.Item onClick={() => change.mutate(false)}>Enable</Menu.Item>
        )}
        <Menu.Item className="slipway-danger" onClick={() => void askToDelete()} disabled={isSelf}>
          Delete …
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
};
