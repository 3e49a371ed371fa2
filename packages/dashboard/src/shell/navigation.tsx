import { Box, NavLink, Text } from '@mantine/core';
import type { Access } from '@slipway/protocol';
import { NavLink as RouterLink, useLocation } from 'react-router';
import { SCREENS } from '../screens/index.ts';
import type { Screen } from '../screens/screen.ts';
import { useMe } from '../session/session.tsx';

const SECTIONS = [
  ['fleet', 'Fleet'],
  ['software', 'Software'],
  ['delivery', 'Delivery'],
  ['instance', 'Instance'],
] as const;

type Placed = Screen & { readonly place: NonNullable<Screen['place']> };

/** What whoever is logged in may look at. */
export const usePlaces = (): readonly Placed[] => {
  const { access } = useMe();
  const may = (needed: Access | undefined): boolean => needed === undefined || access.includes(needed);
  return SCREENS.filter((screen): screen is Placed => screen.place !== undefined && may(screen.place.access));
};

export const Navigation = () => {
  const places = usePlaces();
  const { pathname } = useLocation();
  return (
    <nav aria-label="Screens">
      {SECTIONS.map(([section, label]) => (
        <Box key={section} mb="sm">
          <Text size="xs" fw={600} c="dimmed" px="xs" pb={2} id={`nav-${section}`}>
            {label}
          </Text>
          <Box role="list" aria-labelledby={`nav-${section}`}>
            {places
              .filter(({ place }) => place.section === section)
              .map(({ name, place: { label: text, to, icon: Icon } }) => (
                <Box role="listitem" key={name}>
                  <NavLink
                    component={RouterLink}
                    to={to}
                    end={to === '/'}
                    label={text}
                    py={6}
                    active={to === '/' ? pathname === '/' : pathname === to || pathname.startsWith(`${to}/`)}
                    leftSection={<Icon size={18} stroke={1.6} />}
                  />
                </Box>
              ))}
          </Box>
        </Box>
      ))}
    </nav>
  );
};
