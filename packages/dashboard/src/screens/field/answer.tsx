import { Alert, Anchor, Badge, Button, Card, Group, SimpleGrid, Skeleton, Stack, Text } from '@mantine/core';
import type { PackageFinding } from '@slipway/protocol';
import { useQuery } from '@tanstack/react-query';
import { IconBulb, IconRocket, IconShieldCheck } from '@tabler/icons-react';
import { Link } from 'react-router';
import { api } from '../../api.ts';
import { DataTable, type Column } from '../../parts/data-table.tsx';
import { Empty } from '../../parts/empty.tsx';
import { Loaded } from '../../parts/loaded.tsx';
import { count, counted } from '../../parts/numbers.ts';
import { Panel } from '../../parts/panel.tsx';
import { StateBadge } from '../../parts/state-badge.tsx';
import { useMay } from '../../session/session.tsx';
import { Coverage } from './coverage.tsx';
import { waysOut, type WaysOut } from './ways-out.ts';

/** Who runs it, since when, and what to do about it. */
export const Answer = ({ asked }: { readonly asked: string }) => {
  const query = useQuery({
    queryKey: ['field', 'running', asked],
    queryFn: ({ signal }) => api.packages.find({ query: asked }, { signal }),
  });
  return (
    <Loaded
      query={query}
      title="That could not be asked"
      skeleton={
        <Stack aria-busy>
          <Skeleton height={120} />
          <Skeleton height={150} />
          <Skeleton height={260} />
        </Stack>
      }
    >
      {(finding) => (
        <Stack>
          <Headline asked={asked} finding={finding} />
          {finding.byClass.map((of) => (
            <OfClass key={of.deviceClass} of={of} query={finding.query} />
          ))}
          <Coverage asked={asked} />
          {finding.releases.length === 0 ? null : <Holders finding={finding} />}
        </Stack>
      )}
    </Loaded>
  );
};

const devicesAt = (query: string): string => `/devices?${new URLSearchParams({ query }).toString()}`;

const Headline = ({ asked, finding }: { readonly asked: string; readonly finding: PackageFinding }) => {
  const { devices, unknown, hints, releaseCount, query } = finding;
  const blind = unknown.devices + unknown.silent;
  return (
    <>
      {hints.map((hint) => (
        <Alert key={hint} color="blue" icon={<IconBulb />}>
          {hint}
        </Alert>
      ))}
      <Card>
        {devices === 0 && releaseCount === 0 ? (
          <Empty icon={IconShieldCheck} title="No release holds that">
            Nothing that was built here holds <span className="slipway-mono">{asked}</span>.
            {blind > 0 ? ` Of ${counted(blind, 'device')} it cannot be told.` : ''}
          </Empty>
        ) : (
          <Group justify="space-between" align="flex-end">
            <div>
              <Text fz={34} fw={700} lh={1.1}>
                {count(devices)}
              </Text>
              <Text size="sm">
                {devices === 1 ? 'device runs' : 'devices run'} <span className="slipway-mono">{asked}</span>
              </Text>
              <Text size="xs" c="dimmed" mt={4}>
                in {counted(releaseCount, 'release')}
                {blind > 0
                  ? `; of ${counted(blind, 'device')} it cannot be told: ${[
                      ...(unknown.silent > 0 ? [`${count(unknown.silent)} never said what they run`] : []),
                      ...(unknown.devices > 0
                        ? [`${count(unknown.devices)} run what has no list of contents`]
                        : []),
                    ].join(', ')}`
                  : ''}
              </Text>
            </div>
            {devices === 0 ? null : (
              <Button component={Link} to={devicesAt(query)} variant="default">
                See the devices
              </Button>
            )}
          </Group>
        )}
      </Card>
    </>
  );
};

const channelText = (channel: string | null): string => channel ?? 'no channel';

/** From the answer to a rollout. */
const OfClass = ({
  of,
  query,
}: {
  readonly of: PackageFinding['byClass'][number];
  readonly query: string;
}) => {
  const { deviceClass, devices } = of;
  const found = waysOut(of, query);
  return (
    <Panel title={`${counted(devices, 'device')} of ${deviceClass}`}>
      <Stack gap="sm">
        {found.ways.map((way) => (
          <Way
            key={way.update.id}
            way={way}
            hasChannels={(of.channels ?? []).some(({ channel }) => channel !== null)}
          />
        ))}
        {found.stuck.map((lot) => (
          <Stuck key={channelText(lot.channel)} lot={lot} newest={of.update} deviceClass={deviceClass} />
        ))}
      </Stack>
    </Panel>
  );
};

const Way = ({
  way,
  hasChannels,
}: {
  readonly way: WaysOut['ways'][number];
  readonly hasChannels: boolean;
}) => {
  const mayRelease = useMay('release');
  const { update, devices, channels, to } = way;
  return (
    <Group justify="space-between" gap="sm">
      <Text size="sm">
        <Anchor component={Link} to={`/releases/${update.id}`} fw={600} inherit>
          {update.version}
        </Anchor>{' '}
        holds none of it: the newest for {counted(devices, 'device')}
        {hasChannels ? ` that follow ${channels.map(channelText).join(', ')}` : ''}.
      </Text>
      {mayRelease ? (
        <Button component={Link} to={to} leftSection={<IconRocket size={16} />}>
          Plan the rollout of {update.version}
        </Button>
      ) : null}
    </Group>
  );
};

const Stuck = ({
  lot: { channel, devices },
  newest,
  deviceClass,
}: {
  readonly lot: WaysOut['stuck'][number];
  readonly newest: PackageFinding['byClass'][number]['update'];
  readonly deviceClass: string;
}) => (
  <Text size="sm">
    {channel === null || newest === null ? (
      <>
        For {counted(devices, 'device')}
        {channel === null ? '' : ` that follow ${channel}`} there is no published release of {deviceClass}{' '}
        that is free of it and newer than what they run.{' '}
        <Anchor component={Link} to={`/builds?class=${deviceClass}`} inherit>
          Build one with the package renewed
        </Anchor>
        .
      </>
    ) : (
      <>
        For {counted(devices, 'device')} that follow <b>{channel}</b> nothing was published there that is free
        of it and newer than what they run.{' '}
        <Anchor component={Link} to={`/releases/${newest.id}`} inherit>
          Publish {newest.version} to {channel}
        </Anchor>
        , and they are reached as well.
      </>
    )}
  </Text>
);

type Holder = PackageFinding['releases'][number];

const Holders = ({ finding }: { readonly finding: PackageFinding }) => (
  <Panel title="Releases that hold it" isFlush>
    <DataTable
      label="Releases and what of it they hold"
      columns={columns}
      rows={finding.releases}
      rowKey={({ id }) => id}
    />
    {finding.releaseCount > finding.releases.length ? (
      <Text size="xs" c="dimmed" p="sm">
        and {counted(finding.releaseCount - finding.releases.length, 'more release')}
      </Text>
    ) : null}
  </Panel>
);

const columns: readonly Column<Holder>[] = [
  {
    id: 'version',
    header: 'Release',
    width: 130,
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
  { id: 'state', header: 'State', width: 140, from: 'sm', cell: ({ state }) => <StateBadge state={state} /> },
  {
    id: 'packages',
    header: 'Packages',
    cell: ({ packages }) => (
      <SimpleGrid cols={1} spacing={4}>
        {packages.map(({ type, name, version, source }) => (
          <Group key={`${type}:${name} ${version}`} gap={6}>
            <Badge variant="default" radius="sm" tt="none" size="sm" style={{ flexShrink: 0 }}>
              {type}
            </Badge>
            <Text size="sm">
              {name} <span className="slipway-mono">{version}</span>
              {source.name === name ? null : (
                <Text span size="xs" c="dimmed">
                  {' '}
                  of {source.name} {source.version}
                </Text>
              )}
            </Text>
          </Group>
        ))}
      </SimpleGrid>
    ),
  },
  { id: 'devices', header: 'Devices', align: 'right', width: 90, cell: ({ devices }) => count(devices) },
];
