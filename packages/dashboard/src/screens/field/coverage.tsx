import { SegmentedControl, Skeleton, Text } from '@mantine/core';
import type { PackageCoverage } from '@slipway/protocol';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { api } from '../../api.ts';
import { Loaded } from '../../parts/loaded.tsx';
import { count, counted } from '../../parts/numbers.ts';
import { Panel } from '../../parts/panel.tsx';
import { Plot, type Line } from '../../parts/plot.tsx';
import { useSearch } from '../../parts/use-search.ts';

const DAYS = ['1', '7', '14', '30', '90'];
const whole = (value: number): string => (Number.isInteger(value) ? count(value) : '');

/** Before there were devices there is nothing to see. */
const fromFirstDevice = (coverage: PackageCoverage): PackageCoverage => {
  const begin = Math.max(0, coverage.fleet.findIndex((value) => value > 0) - 1);
  return {
    ...coverage,
    at: coverage.at.slice(begin),
    devices: coverage.devices.slice(begin),
    unknown: coverage.unknown.slice(begin),
    fleet: coverage.fleet.slice(begin),
  };
};

/** How many devices ran it over the last days: whether the fix arrives. */
export const Coverage = ({ asked }: { readonly asked: string }) => {
  const [days, setDays] = useSearch('days', '14');
  const wanted = DAYS.includes(days) ? Number(days) : 14;
  const query = useQuery({
    queryKey: ['field', 'coverage', asked, wanted],
    queryFn: ({ signal }) => api.packages.coverage({ query: asked, days: wanted }, { signal }),
    placeholderData: keepPreviousData,
  });
  return (
    <Panel
      title="Over time"
      actions={
        <SegmentedControl
          size="xs"
          aria-label="How far back"
          value={String(wanted)}
          onChange={setDays}
          data={DAYS.map((value) => ({ value, label: `${value} d` }))}
        />
      }
    >
      <Loaded query={query} title="The past could not be read" skeleton={<Skeleton height={250} />}>
        {(coverage) => {
          const { at, devices, unknown, fleet } = fromFirstDevice(coverage);
          const lines: Line[] = [
            { label: 'Run it', values: devices, color: '#e03131' },
            ...(unknown.some((value) => value > 0)
              ? [{ label: 'Not known', values: unknown, color: '#868e96' }]
              : []),
            { label: 'Devices in all', values: fleet, color: '#1c7ed6' },
          ];
          return (
            <>
              <Plot
                label={`${counted(devices.at(-1) ?? 0, 'device')} of ${count(fleet.at(-1) ?? 0)} run it now; ${count(devices[0] ?? 0)} did when the plot begins`}
                times={at.map((time) => Date.parse(time))}
                lines={lines}
                unit={whole}
                height={220}
              />
              <Text size="xs" c="dimmed" mt={4}>
                From what devices committed and went back from; of those that are in the fleet now.
              </Text>
            </>
          );
        }}
      </Loaded>
    </Panel>
  );
};
