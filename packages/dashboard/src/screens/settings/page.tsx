import { Box, Grid, NavLink, Select } from '@mantine/core';
import { lazy, Suspense, type ComponentType } from 'react';
import { Link, Navigate, useNavigate, useParams } from 'react-router';
import { Lines } from '../../parts/loaded.tsx';
import { Page } from '../../parts/page.tsx';
import { useMe } from '../../session/session.tsx';
import { Missing } from '../../shell/missing.tsx';
import { SECTIONS } from './sections.ts';

const BODIES: ReadonlyMap<string, ComponentType> = new Map(
  SECTIONS.map(({ name, load }) => [name, lazy(load)]),
);

export default function SettingsPage() {
  const { section: name } = useParams();
  const navigate = useNavigate();
  const { access } = useMe();
  const shown = SECTIONS.filter((section) => section.access === undefined || access.includes(section.access));
  if (name === undefined) return <Navigate to={`/settings/${shown[0]?.name ?? 'profile'}`} replace />;
  const section = shown.find((one) => one.name === name);
  const Body = BODIES.get(name);
  if (section === undefined || Body === undefined) return <Missing />;
  return (
    <Page title={section.label} crumbs={[{ label: 'Settings', to: '/settings' }]} about={section.about}>
      <Select
        hiddenFrom="md"
        aria-label="Part of the settings"
        data={shown.map(({ name: value, label }) => ({ value, label }))}
        value={name}
        onChange={(value) => void navigate(`/settings/${value ?? ''}`)}
        allowDeselect={false}
      />
      <Grid gap="lg">
        <Grid.Col span={{ base: 12, md: 2.4 }} visibleFrom="md">
          <Box component="nav" aria-label="Settings">
            {shown.map(({ name: to, label, icon: Icon }) => (
              <NavLink
                key={to}
                component={Link}
                to={`/settings/${to}`}
                label={label}
                active={to === name}
                aria-current={to === name ? 'page' : undefined}
                leftSection={<Icon size={18} stroke={1.6} />}
                py={6}
                style={{ borderRadius: 6 }}
              />
            ))}
          </Box>
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 9.6 }}>
          <Suspense fallback={<Lines count={6} height={32} />}>
            <Body />
          </Suspense>
        </Grid.Col>
      </Grid>
    </Page>
  );
}
