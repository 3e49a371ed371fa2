import { NativeSelect, SegmentedControl, Skeleton, Text } from '@mantine/core';
import type { VersionHistory } from '@slipway/protocol';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useMemo } from 'react';
import { api } from '../../api.ts';
import { Loaded } from '../../parts/loaded.tsx';
import { count } from '../../parts/numbers.ts';
import { Panel } from '../../parts/panel.tsx';
import { useSearch } from '../../parts/use-search.ts';

const Plot = lazy(async () => ({ default: (await import('../../parts/plot.tsx')).Plot }));

const HEIGHT = 220;
const RANGES = [
  { value: '1', label: '24 h' },
  { value: '14', label: '14 d' },
  { value: '90', label: '90 d' },
];

const Lines = ({ history, wanted }: { readonly history: VersionHistory; readonly wanted: string }) => {
  const times = useMemo(() => history.times.map((seconds) => seconds * 1000), [history]);
  const lines = useMemo(
    () =>
      history.series
        .filter(({ deviceClass }) => deviceClass === wanted)
        .map(({ version, counts }) => ({ label: version ?? 'others', values: counts })),
    [history, wanted],
  );
  const newest = lines.map(({ label, values }) => `${label}: ${count(values.at(-1) ?? 0)}`).join(', ');
  return (
    <Suspense fallback={<Skeleton height={HEIGHT} />}>
      <Plot
        label={`Devices of ${wanted} by version over time; now ${newest}`}
        times={times}
        lines={lines}
        unit={count}
        height={HEIGHT}
      />
    </Suspense>
  );
};

/** How releases came into the fleet. */
export const VersionsOverTime = ({ classes }: { readonly classes: readonly string[] }) => {
  const [days, setDays] = useSearch('days', '14');
  const [chosen, setChosen] = useSearch('class', classes[0] ?? '');
  const query = useQuery({
    queryKey: ['overview', 'versions', days],
    queryFn: ({ signal }) => api.overview.versions({ days: Number(days) || 14 }, { signal }),
  });
  return (
    <Panel
      title="Versions over time"
      actions={
        <>
          {classes.length > 1 ? (
            <NativeSelect
              size="xs"
              w={160}
              aria-label="Device class"
              data={[...classes]}
              value={chosen}
              onChange={({ currentTarget }) => setChosen(currentTarget.value)}
            />
          ) : null}
          <SegmentedControl
            size="xs"
            data={RANGES}
            value={days}
            onChange={setDays}
            aria-label="How far back"
          />
        </>
      }
    >
      <Loaded
        query={query}
        title="The history of versions could not be read"
        skeleton={<Skeleton height={HEIGHT} />}
      >
        {(history) =>
          history.series.some(({ deviceClass }) => deviceClass === chosen) ? (
            <Lines history={history} wanted={chosen} />
          ) : (
            <Text size="sm" c="dimmed" py="xl" ta="center">
              As soon as a device runs a release, this shows how many run which version. It is looked at every
              ten minutes.
            </Text>
          )
        }
      </Loaded>
    </Panel>
  );
};
