import { SegmentedControl, SimpleGrid, Skeleton, Stack, Text } from '@mantine/core';
import type { Device, DeviceMetricName, DeviceMetrics } from '@slipway/protocol';
import { IconHeartbeat } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useMemo, useRef } from 'react';
import { api } from '../../../api.ts';
import { useLiveEvents } from '../../../live/live.tsx';
import { Empty } from '../../../parts/empty.tsx';
import { Loaded } from '../../../parts/loaded.tsx';
import { count, percent, span } from '../../../parts/numbers.ts';
import { Panel } from '../../../parts/panel.tsx';
import { Plot } from '../../../parts/plot.tsx';
import { useSearch } from '../../../parts/use-search.ts';
import { newest } from './newest.ts';

const HEIGHT = 150;
const HOUR_MS = 3_600_000;
const RANGES = [
  { value: '6', label: '6 h' },
  { value: '24', label: '24 h' },
  { value: '168', label: '7 d' },
  { value: '720', label: '30 d' },
];
/** A point is kept every five minutes, so that often there is something new to see. */
const ANEW_MS = 60_000;

const share = (value: number): string => percent(value, 100);
const celsius = (value: number): string => `${Math.round(value)} °C`;
const whole = (value: number): string => (Number.isInteger(value) ? count(value) : value.toFixed(2));
const WHOLE_SHARE = [0, 100] as const;

type Shown = {
  readonly name: DeviceMetricName;
  readonly title: string;
  readonly unit: (value: number) => string;
  readonly range?: readonly [number, number];
};

const SHOWN: readonly Shown[] = [
  { name: 'cpu_busy', title: 'CPU', unit: share, range: WHOLE_SHARE },
  { name: 'memory_used', title: 'Memory used', unit: share, range: WHOLE_SHARE },
  { name: 'disk_used', title: 'Disk used', unit: share, range: WHOLE_SHARE },
  { name: 'cpu_temp', title: 'Temperature', unit: celsius },
  { name: 'load', title: 'Load over a minute', unit: whole },
  { name: 'reconnects', title: 'Link: reconnections', unit: whole },
  { name: 'restarts', title: 'Restarts of services', unit: whole },
  { name: 'uptime', title: 'Uptime', unit: (seconds) => span(seconds * 1000) },
];

const One = ({
  shown,
  metrics,
  times,
}: {
  readonly shown: Shown;
  readonly metrics: DeviceMetrics;
  readonly times: readonly number[];
}) => {
  const values = useMemo(
    () => metrics.metrics.find(({ name }) => name === shown.name)?.values ?? [],
    [metrics, shown.name],
  );
  const lines = useMemo(() => [{ label: shown.title, values }], [shown.title, values]);
  const last = newest(values);
  return (
    <Panel
      title={shown.title}
      actions={
        <Text size="sm" fw={600}>
          {last === undefined ? '–' : shown.unit(last)}
        </Text>
      }
    >
      {last === undefined ? (
        <Text size="sm" c="dimmed" h={HEIGHT} ta="center" pt={56}>
          The device does not say.
        </Text>
      ) : (
        <Plot
          label={`${shown.title} over time, at last ${shown.unit(last)}`}
          times={times}
          lines={lines}
          unit={shown.unit}
          height={HEIGHT}
          {...(shown.range === undefined ? {} : { range: shown.range })}
        />
      )}
    </Panel>
  );
};

const Plots = ({ metrics }: { readonly metrics: DeviceMetrics }) => {
  const times = useMemo(() => metrics.times.map((seconds) => seconds * 1000), [metrics]);
  return (
    <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md">
      {SHOWN.map((shown) => (
        <One key={shown.name} shown={shown} metrics={metrics} times={times} />
      ))}
    </SimpleGrid>
  );
};

const Waiting = () => (
  <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md">
    {SHOWN.map(({ name }) => (
      <Skeleton key={name} height={HEIGHT + 72} />
    ))}
  </SimpleGrid>
);

/** How it was over time. */
export const HealthPlots = ({ device }: { readonly device: Device }) => {
  const queries = useQueryClient();
  const [hours, setHours] = useSearch('hours', '24');
  const query = useQuery({
    queryKey: ['metrics', device.id, hours],
    queryFn: ({ signal }) => {
      const since = new Date(Date.now() - (Number(hours) || 24) * HOUR_MS).toISOString();
      return api.devices.getMetrics(device.id, { since }, { signal });
    },
  });
  const readAt = useRef(Date.now());
  useLiveEvents((event) => {
    if (event.kind !== 'device' || event.device.id !== device.id || Date.now() - readAt.current < ANEW_MS)
      return;
    readAt.current = Date.now();
    void queries.invalidateQueries({ queryKey: ['metrics', device.id] });
  });
  return (
    <Stack gap="md">
      <SegmentedControl
        data={RANGES}
        value={hours}
        onChange={setHours}
        size="xs"
        aria-label="How far back"
        style={{ alignSelf: 'flex-start' }}
      />
      <Loaded query={query} title="The metrics could not be read" skeleton={<Waiting />}>
        {(metrics) =>
          metrics.metrics.every(({ values }) => newest(values) === undefined) ? (
            <Empty icon={IconHeartbeat} title="Nothing in this time">
              One of the telemetry messages of each five minutes is kept. As soon as the device has sent some,
              this shows how busy, full and hot it was.
            </Empty>
          ) : (
            <Plots metrics={metrics} />
          )
        }
      </Loaded>
    </Stack>
  );
};
