import { ActionIcon, type ActionIconProps } from '@mantine/core';
import { IconUserCircle } from '@tabler/icons-react';
import { lazy, Suspense, useState, type ComponentPropsWithRef } from 'react';
import { useMe } from '../session/session.tsx';

const UserMenuOpen = lazy(() => import('./user-menu-open.tsx'));

export const AccountButton = (props: ActionIconProps & ComponentPropsWithRef<'button'>) => (
  <ActionIcon variant="subtle" color="gray" size="lg" aria-label={`Account of ${useMe().name}`} {...props}>
    <IconUserCircle size={20} />
  </ActionIcon>
);

export const UserMenu = () => {
  const [isAsked, setAsked] = useState(false);
  const button = <AccountButton aria-haspopup="menu" onClick={() => setAsked(true)} />;
  return isAsked ? (
    <Suspense fallback={button}>
      <UserMenuOpen />
    </Suspense>
  ) : (
    button
  );
};
