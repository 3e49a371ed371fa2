import { Menu } from '@mantine/core';
import { IconKeyboard, IconLogout, IconUser } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { Link } from 'react-router';
import { api } from '../api.ts';
import { useAction } from '../parts/use-action.ts';
import { ME } from '../queries.ts';
import { useMe } from '../session/session.tsx';
import { AccountButton } from './user-menu.tsx';
import { showShortcuts } from './shortcuts.tsx';

/** Opened already: it is loaded when it is asked for. */
export default function UserMenuOpen() {
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
    <Menu position="bottom-end" width={220} defaultOpened>
      <Menu.Target>
        <AccountButton />
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
}
