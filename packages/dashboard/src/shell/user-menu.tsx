import { ActionIcon, Menu } from '@mantine/core';
import { IconKeyboard, IconLogout, IconUser, IconUserCircle } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { Link } from 'react-router';
import { api } from '../api.ts';
import { useAction } from '../parts/use-action.ts';
import { ME } from '../queries.ts';
import { useMe } from '../session/session.tsx';
import { showShortcuts } from './shortcuts.tsx';

export const UserMenu = () => {
  const { name, user } = useMe();
  const queries = useQueryClient();
  const logout = useAction({
    run: () => api.logout.create(),
    // What the next one sees is asked anew.
    onDone: () => {
      queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== ME[0] });
      location.assign('/');
    },
  });
  return (
    <Menu position="bottom-end" width={220}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label={`Account of ${name}`}>
          <IconUserCircle size={20} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {name}
          {user?.role == null ? '' : `, ${user.role}`}
        </Menu.Label>
        <Menu.Item component={Link} to="/settings/profile" leftSection={<IconUser size={16} />}>
          Profile
        </Menu.Item>
        <Menu.Item onClick={showShortcuts} leftSection={<IconKeyboard size={16} />}>
          Keyboard shortcuts
        </Menu.Item>
        <Menu.Item onClick={() => logout.mutate()} leftSection={<IconLogout size={16} />}>
          Log out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
};
