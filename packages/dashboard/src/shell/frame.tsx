import './frame.css';
import { Burger, Group, Text, UnstyledButton } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Suspense, useEffect } from 'react';
import { Link, Outlet, useLocation } from 'react-router';
import { ColorSchemeSwitch } from './color-scheme-switch.tsx';
import { Crash } from './crash.tsx';
import { LiveSign } from './live-sign.tsx';
import { Mark } from './mark.tsx';
import { Navigation } from './navigation.tsx';
import { PaletteButton, PaletteHost } from './palette-host.tsx';
import { Shortcuts } from './shortcuts.tsx';
import { StopBanner } from './stop-banner.tsx';
import { UserMenu } from './user-menu.tsx';

/** What is around every screen. */
export const Frame = () => {
  const [isOpen, { toggle, close }] = useDisclosure();
  const { pathname } = useLocation();
  useEffect(() => close(), [pathname, close]);
  return (
    <>
      <a className="slipway-skip" href="#main">
        Skip to the content
      </a>
      <header className="frame-header">
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="xs" wrap="nowrap">
            <Burger
              opened={isOpen}
              onClick={toggle}
              hiddenFrom="sm"
              size="sm"
              aria-label={isOpen ? 'Close the navigation' : 'Open the navigation'}
              aria-expanded={isOpen}
            />
            <UnstyledButton component={Link} to="/" aria-label="Slipway, to the overview">
              <Group gap={8} wrap="nowrap">
                <Mark size={26} />
                <Text fw={700} visibleFrom="xs">
                  Slipway
                </Text>
              </Group>
            </UnstyledButton>
          </Group>
          <Group gap="xs" wrap="nowrap">
            <PaletteButton />
            <LiveSign />
            <ColorSchemeSwitch />
            <UserMenu />
          </Group>
        </Group>
      </header>
      <div className="frame-navigation" data-open={isOpen}>
        <Navigation />
      </div>
      <main className="frame-main" id="main" tabIndex={-1}>
        <StopBanner />
        <Crash place={pathname}>
          <Suspense>
            <Outlet />
          </Suspense>
        </Crash>
      </main>
      <PaletteHost />
      <Shortcuts />
    </>
  );
};
