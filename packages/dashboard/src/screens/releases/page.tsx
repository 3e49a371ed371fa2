import { Anchor, Badge, Button, Card, Group, Select, SimpleGrid, Skeleton, Stack, Text } from '@mantine/core';
import { ReleaseState, type Release, type ReleaseChannel } from '@slipway/protocol';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { IconHammer, IconPackage } from '@tabler/icons-react';
import { Link } from 'react-router';
import { api } from '../../api.ts';
import { DataTable, type Column } from '../../parts/data-table.tsx';
import { Empty } from '../../parts/empty.tsx';
import { Failure } from '../../parts/failure.tsx';
import { More } from '../../parts/more.tsx';
import { bytes, counted } from '../../parts/numbers.ts';
import { Page } from '../../parts/page.tsx';
import { Panel } from '../../parts/panel.tsx';
import { StateBadge } from '../../parts/state-badge.tsx';
import { Time } from '../../parts/time.tsx';
import { useSearch } from '../../parts/use-search.ts';

const AT_ONCE = 50;

export default function Screen() {
  const [deviceClass, setClass] = useSearch('class');
  const [state, setState] = useSearch('state');
  const known = ReleaseState.safeParse(state);
  const filter = {
    ...(deviceClass === '' ? {} : { deviceClass }),
    ...(known.success ? { state: known.data } : {}),
  };
  const classes = useQuery({
    queryKey: ['classes', 'names'],
    queryFn: ({ signal }) => api.deviceClasses.list({ signal }),
  });
  const channels = useQuery({
    queryKey: ['channels', 'list', deviceClass],
    queryFn: () => api.channels.list(deviceClass === '' ? {} : { deviceClass }).all(),
  });
  const query = useInfiniteQuery({
    queryKey: ['releases', 'list', filter],
    queryFn: ({ pageParam }) => api.releases.list({ ...filter, limit: AT_ONCE }).page(pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }) => next,
  });
  const rows = query.data?.pages.flatMap(({ items }) => items);
  if (rows?.length === 0 && Object.keys(filter).length === 0)
    return (
      <Page title="Releases">
        <Card>
          <Empty
            icon={IconPackage}
            title="No release yet"
            action={
              <Button component={Link} to="/builds" leftSection={<IconHammer size={16} />}>
                Go to builds
              </Button>
            }
          >
            A release is a build that was signed. It proves itself in a virtual device, is published, and can
            then be rolled out to devices. The first one comes with the first build that succeeds.
          </Empty>
        </Card>
      </Page>
    );
  return (
    <Page title="Releases" about="Signed builds of a class, and the channels that devices follow.">
      <Stack>
        <Channels channels={channels.data} />
        <Panel
          title="All releases"
          isFlush
          actions={
            <>
              <Select
                size="xs"
                w={140}
                aria-label="State"
                placeholder="every state"
                clearable
                value={state === '' ? null : state}
                onChange={(value) => setState(value ?? '')}
                data={ReleaseState.options}
              />
              <Select
                size="xs"
                w={170}
                aria-label="Device class"
                placeholder="every class"
                clearable
                value={deviceClass === '' ? null : deviceClass}
                onChange={(value) => setClass(value ?? '')}
                data={(classes.data ?? []).map(({ name }) => name)}
              />
            </>
          }
        >
          {query.error === null ? (
            <DataTable
              label="Releases"
              columns={columnsOf(channels.data ?? [])}
              rows={rows}
              rowKey={({ id }) => id}
              empty={
                <Text c="dimmed" size="sm" p="md">
                  No release is like that. Take a filter away to see more.
                </Text>
              }
            />
          ) : (
            <Failure
              error={query.error}
              title="The releases could not be read"
              retry={() => void query.refetch()}
            />
          )}
          <More query={query} shown={rows?.length ?? 0} what="release" />
        </Panel>
      </Stack>
    </Page>
  );
}

/** What devices that follow a channel are to run. */
const Channels = ({ channels }: { readonly channels: readonly ReleaseChannel[] | undefined }) => {
  if (channels === undefined) return <Skeleton height={96} />;
  if (channels.length === 0) return null;
  return (
    <SimpleGrid cols={{ base: 1, xs: 2, md: 3, xl: 4 }}>
      {channels.map(({ deviceClass, name, release, version, floor, steppingStones, devices, updatedAt }) => (
        <Card
          key={`${deviceClass}/${name}`}
          padding="sm"
          component="article"
          aria-label={`Channel ${deviceClass} ${name}`}
        >
          <Text size="xs" c="dimmed">
            {deviceClass}
          </Text>
          <Group justify="space-between" wrap="nowrap">
            <Text fw={600} truncate>
              {name}
            </Text>
            {release === null ? (
              <Text size="sm" c="dimmed">
                no release
              </Text>
            ) : (
              <Anchor component={Link} to={`/releases/${release}`} fw={650} fz="lg">
                {version}
              </Anchor>
            )}
          </Group>
          <Text size="xs" c="dimmed">
            {counted(devices, 'device')} {devices === 1 ? 'follows' : 'follow'} it
            {floor === null ? '' : ` · floor ${floor}`}
            {steppingStones.length === 0
              ? ''
              : ` · by way of ${steppingStones.map((one) => one.version).join(', ')}`}{' '}
            · changed <Time value={updatedAt} />
          </Text>
        </Card>
      ))}
    </SimpleGrid>
  );
};

const columnsOf = (channels: readonly ReleaseChannel[]): readonly Column<Release>[] => [
  {
    id: 'version',
    header: 'Version',
    cell: ({ id, version, deviceClass }) => (
      <>
        <Link className="slipway-row-link" to={`/releases/${id}`}>
          {version}
        </Link>
        <Text size="xs" c="dimmed">
          {deviceClass}
        </Text>
      </>
    ),
  },
  { id: 'state', header: 'State', width: 140, cell: ({ state }) => <StateBadge state={state} /> },
  {
    id: 'channels',
    header: 'Channels',
    from: 'sm',
    cell: ({ id }) => (
      <Group gap={4}>
        {channels
          .filter(({ release }) => release === id)
          .map(({ name }) => (
            <Badge key={name} variant="outline" tt="none" radius="sm">
              {name}
            </Badge>
          ))}
      </Group>
    ),
  },
  {
    id: 'qualification',
    header: 'Qualification',
    from: 'sm',
    width: 140,
    cell: ({ qualification }) => <StateBadge state={qualification ?? 'skipped'} />,
  },
  { id: 'arch', header: 'Architecture', from: 'md', cell: ({ arch }) => arch, width: 120 },
  {
    id: 'size',
    header: 'Bundle',
    align: 'right',
    from: 'sm',
    width: 100,
    cell: ({ bundle }) => bytes(bundle.size),
  },
  {
    id: 'at',
    header: 'Made',
    align: 'right',
    width: 120,
    cell: ({ createdAt }) => <Time value={createdAt} />,
  },
];
