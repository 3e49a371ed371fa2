import './devices.css';
import { Grid, Group, Skeleton, Stack, Tabs } from '@mantine/core';
import { DeviceId, type Device } from '@slipway/protocol';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense } from 'react';
import { useParams } from 'react-router';
import { api } from '../../api.ts';
import { Loaded } from '../../parts/loaded.tsx';
import { Page } from '../../parts/page.tsx';
import { Panel } from '../../parts/panel.tsx';
import { StateBadge } from '../../parts/state-badge.tsx';
import { Time } from '../../parts/time.tsx';
import { useSearch } from '../../parts/use-search.ts';
import { healthWord, presenceOf } from './columns.tsx';
import { Alarms } from './device/alarms.tsx';
import { Certificate } from './device/certificate.tsx';
import { DeviceMenu } from './device/device-menu.tsx';
import { Identity } from './device/identity.tsx';
import { Labels } from './device/labels.tsx';
import { Logs } from './device/logs.tsx';
import { Now } from './device/now.tsx';
import { Raw } from './device/raw.tsx';
import { Services } from './device/services.tsx';
import { SlotsView } from './device/slots.tsx';
import { Timeline } from './device/timeline.tsx';

const HealthPlots = lazy(async () => ({ default: (await import('./device/health-plots.tsx')).HealthPlots }));

const Summary = ({ device }: { readonly device: Device }) => (
  <Grid gap="md">
    <Grid.Col span={{ base: 12, lg: 8 }}>
      <Stack gap="md">
        <Panel title="Slots">
          <SlotsView device={device} />
        </Panel>
        <Now device={device} />
        <Services device={device} />
      </Stack>
    </Grid.Col>
    <Grid.Col span={{ base: 12, lg: 4 }}>
      <Stack gap="md">
        <Identity device={device} />
        <Labels device={device} />
      </Stack>
    </Grid.Col>
  </Grid>
);

const TABS = {
  summary: ['Summary', Summary],
  health: ['Health', HealthPlots],
  history: ['History', Timeline],
  logs: ['Logs', Logs],
  certificate: ['Certificate', Certificate],
  raw: ['Raw state', Raw],
} as const;
type Tab = keyof typeof TABS;
const isTab = (name: string | null): name is Tab => name !== null && Object.hasOwn(TABS, name);
const NAMES = Object.keys(TABS).filter(isTab);

const Shown = ({ device }: { readonly device: Device }) => {
  const [chosen, setChosen] = useSearch('tab', 'summary', { isStep: true });
  const tab: Tab = isTab(chosen) ? chosen : 'summary';
  return (
    <Page
      title={device.name ?? device.id}
      crumbs={[{ label: 'Devices', to: '/devices' }]}
      beside={
        <Group gap={6}>
          <StateBadge state={presenceOf(device)} />
          {device.health === null ? null : (
            <StateBadge state={device.health} label={healthWord(device.health)} />
          )}
        </Group>
      }
      about={
        <>
          {device.name === null ? '' : `${device.id} · `}
          {device.deviceClass} · {device.version ?? 'no version known'} · last seen{' '}
          <Time value={device.lastSeenAt} />
        </>
      }
      actions={<DeviceMenu device={device} />}
    >
      <Alarms device={device} />
      <Tabs value={tab} onChange={(name) => setChosen(name ?? 'summary')} keepMounted={false}>
        <Tabs.List mb="md" style={{ flexWrap: 'nowrap', overflowX: 'auto' }}>
          {NAMES.map((name) => (
            <Tabs.Tab key={name} value={name}>
              {TABS[name][0]}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {NAMES.map((name) => {
          const Content = TABS[name][1];
          return (
            <Tabs.Panel key={name} value={name}>
              <Suspense fallback={<Skeleton height={400} />}>
                <Content device={device} />
              </Suspense>
            </Tabs.Panel>
          );
        })}
      </Tabs>
    </Page>
  );
};

const Waiting = ({ id }: { readonly id: string }) => (
  <Page title={id} crumbs={[{ label: 'Devices', to: '/devices' }]} about=" ">
    <Skeleton height={36} />
    <Skeleton height={420} />
  </Page>
);

export default function Screen() {
  const { id = '' } = useParams();
  const query = useQuery({
    queryKey: ['devices', 'one', id],
    queryFn: ({ signal }) => api.devices.get(DeviceId.parse(id), { signal }),
  });
  return (
    <Loaded query={query} title={`The device ${id} could not be read`} skeleton={<Waiting id={id} />}>
      {(device) => <Shown device={device} />}
    </Loaded>
  );
}
