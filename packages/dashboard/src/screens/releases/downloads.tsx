import { Box, Stack, Text } from '@mantine/core';
import type { ReleaseDownloads } from '@slipway/protocol';
import { useQuery } from '@tanstack/react-query';
import { IconDownload } from '@tabler/icons-react';
import { Link } from 'react-router';
import { api } from '../../api.ts';
import { DataTable, type Column } from '../../parts/data-table.tsx';
import { Empty } from '../../parts/empty.tsx';
import { Loaded } from '../../parts/loaded.tsx';
import { bytes, count, counted, percent } from '../../parts/numbers.ts';
import { Panel } from '../../parts/panel.tsx';

type Row = ReleaseDownloads['from'][number];

/** How much devices would load, by what they run now. */
export const DownloadsTab = ({ release }: { readonly release: string }) => {
  const query = useQuery({
    queryKey: ['releases', 'downloads', release],
    queryFn: ({ signal }) => api.releases.downloads(release, { signal }),
  });
  return (
    <Loaded query={query} title="The sizes could not be read">
      {(downloads) => (
        <Panel title="From what runs in the field">
          <Stack gap="sm">
            <Text size="sm" c="dimmed">
              {bytes(downloads.full)} from nothing. A device reuses every piece of 256 KiB that lies at the
              same place in the slot it runs, so from a release that is like it it loads less.{' '}
              {counted(downloads.current, 'device')} {downloads.current === 1 ? 'runs' : 'run'} it already.
            </Text>
            <DataTable
              label="Downloads by release"
              columns={columnsOf(downloads.full)}
              rows={downloads.from}
              rowKey={({ release: id }) => id ?? 'unknown'}
              empty={
                <Empty icon={IconDownload} title="No device would load it">
                  No device of the class runs anything else. Once devices do, you see here what this release
                  costs them.
                </Empty>
              }
            />
          </Stack>
        </Panel>
      )}
    </Loaded>
  );
};

const columnsOf = (full: number): readonly Column<Row>[] => [
  {
    id: 'from',
    header: 'They run',
    cell: ({ release, version }) =>
      release === null ? (
        'not known'
      ) : (
        <Link className="slipway-row-link" to={`/releases/${release}`}>
          {version}
        </Link>
      ),
  },
  { id: 'devices', header: 'Devices', align: 'right', cell: ({ devices }) => count(devices), width: 90 },
  {
    id: 'bar',
    header: 'Loaded of all',
    from: 'sm',
    cell: ({ bytes: loaded, refused }) =>
      refused ? null : (
        <Box
          h={8}
          bg="light-dark(var(--mantine-color-gray-2), var(--mantine-color-dark-5))"
          style={{ borderRadius: 4 }}
          role="img"
          aria-label={`${percent(loaded, full)} of ${bytes(full)}`}
        >
          <Box
            h={8}
            bg="var(--mantine-primary-color-filled)"
            style={{ borderRadius: 4, width: `${(loaded / full) * 100}%` }}
          />
        </Box>
      ),
  },
  {
    id: 'bytes',
    header: 'Each loads',
    align: 'right',
    cell: ({ bytes: loaded, known, refused }) =>
      refused ? (
        <Text span size="sm" c="dimmed">
          refused: they run a later one
        </Text>
      ) : (
        <>
          {bytes(loaded)}
          {known ? null : (
            <Text size="xs" c="dimmed">
              in full: the bundle of what they run is not there
            </Text>
          )}
        </>
      ),
  },
  {
    id: 'all',
    header: 'All together',
    align: 'right',
    from: 'sm',
    cell: ({ bytes: loaded, devices, refused }) => (refused ? '–' : bytes(loaded * devices)),
  },
];
