import { Anchor, Badge, Group, SimpleGrid, Skeleton, Stack, Tabs, Text } from '@mantine/core';
import type { Release } from '@slipway/protocol';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams, useSearchParams } from 'react-router';
import { api } from '../../api.ts';
import { Copyable } from '../../parts/copyable.tsx';
import { Facts } from '../../parts/facts.tsx';
import { Failure } from '../../parts/failure.tsx';
import { Lines, Loaded } from '../../parts/loaded.tsx';
import { bytes, count, counted } from '../../parts/numbers.ts';
import { Page } from '../../parts/page.tsx';
import { Panel } from '../../parts/panel.tsx';
import { StateBadge } from '../../parts/state-badge.tsx';
import { Time } from '../../parts/time.tsx';
import { Actions } from './actions.tsx';
import { ChangesTab } from './changes.tsx';
import { DownloadsTab } from './downloads.tsx';
import { Files } from './files.tsx';
import { History } from './history.tsx';
import { QualificationTab } from './qualification.tsx';
import { SignatureTab } from './signature.tsx';

const crumbs = [{ label: 'Releases', to: '/releases' }];

export default function Screen() {
  const { id = '' } = useParams();
  const query = useQuery({
    queryKey: ['releases', 'one', id],
    queryFn: ({ signal }) => api.releases.get(id, { signal }),
  });
  if (query.data === undefined)
    return (
      <Page title="Release" crumbs={crumbs}>
        {query.error === null ? (
          <Stack aria-busy>
            <Skeleton height={44} />
            <Skeleton height={180} />
            <Skeleton height={220} />
          </Stack>
        ) : (
          <Failure
            error={query.error}
            title="The release could not be read"
            retry={() => void query.refetch()}
          />
        )}
      </Page>
    );
  return <Shown release={query.data} />;
}

const Shown = ({ release }: { readonly release: Release }) => {
  const [search, setSearch] = useSearchParams();
  const tab = search.get('tab') ?? 'overview';
  return (
    <Page
      title={`${release.version} of ${release.deviceClass}`}
      crumbs={crumbs}
      beside={<StateBadge state={release.state} />}
      about={
        <Group gap="xs">
          <Copyable text={release.id} what="the id of the release" />
          <span>
            made <Time value={release.createdAt} />
          </span>
        </Group>
      }
      actions={<Actions release={release} />}
    >
      <Tabs
        value={tab}
        onChange={(next) => setSearch(next === null || next === 'overview' ? {} : { tab: next })}
        keepMounted={false}
      >
        <Tabs.List mb="md">
          <Tabs.Tab value="overview">Overview</Tabs.Tab>
          <Tabs.Tab value="changes">What it changes</Tabs.Tab>
          <Tabs.Tab value="qualification">
            <Group gap={6}>
              Qualification
              {release.qualification === 'failed' ? (
                <Badge size="xs" color="red.9" circle>
                  !
                </Badge>
              ) : null}
            </Group>
          </Tabs.Tab>
          <Tabs.Tab value="signature">Signature</Tabs.Tab>
          <Tabs.Tab value="downloads">Downloads</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="overview">
          <Overview release={release} />
        </Tabs.Panel>
        <Tabs.Panel value="changes">
          <ChangesTab release={release} />
        </Tabs.Panel>
        <Tabs.Panel value="qualification">
          <QualificationTab release={release} />
        </Tabs.Panel>
        <Tabs.Panel value="signature">
          <SignatureTab release={release.id} />
        </Tabs.Panel>
        <Tabs.Panel value="downloads">
          <DownloadsTab release={release.id} />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
};

const Overview = ({ release }: { readonly release: Release }) => (
  <SimpleGrid cols={{ base: 1, md: 2 }}>
    <Stack>
      <Panel title="Release">
        <Facts
          cols={{ base: 1, xs: 2 }}
          facts={[
            [
              'Class',
              <Anchor key="class" component={Link} to={`/classes/${release.deviceClass}`} inherit>
                {release.deviceClass}
              </Anchor>,
            ],
            ['Architecture', release.arch],
            ['Counter', count(release.counter)],
            ['Bundle', bytes(release.bundle.size)],
            ...(release.signing === undefined ? [] : [['Signing profile', release.signing] as const]),
            ['Qualification', <StateBadge key="qualification" state={release.qualification ?? 'skipped'} />],
            [
              'Build',
              <Anchor key="build" component={Link} to={`/builds/${release.build}`} inherit>
                {release.build}
              </Anchor>,
            ],
            [
              'Root hash',
              <Copyable
                key="root"
                text={release.rootHash}
                shown={`${release.rootHash.slice(0, 16)}…`}
                what="the root hash"
              />,
            ],
            [
              'Digest of the bundle',
              <Copyable
                key="digest"
                text={release.bundle.digest}
                shown={`${release.bundle.digest.slice(0, 19)}…`}
                what="the digest"
              />,
            ],
          ]}
        />
      </Panel>
      <InUse release={release} />
    </Stack>
    <Stack>
      <Files release={release} />
      <History release={release.id} />
    </Stack>
  </SimpleGrid>
);

const InUse = ({ release }: { readonly release: Release }) => {
  const query = useQuery({
    queryKey: ['releases', 'use', release.id],
    queryFn: ({ signal }) => api.releases.getUse(release.id, { signal }),
  });
  const rollouts = useQuery({
    queryKey: ['rollouts', 'of-release', release.id],
    queryFn: () => api.rollouts.list({ release: release.id, limit: 10 }).all(10),
  });
  return (
    <Panel title="In use">
      <Loaded query={query} skeleton={<Lines count={3} />}>
        {(use) => (
          <Stack gap="xs">
            <Text size="sm">
              <Anchor
                component={Link}
                to={`/devices?query=${encodeURIComponent(`release = ${release.id}`)}`}
                inherit
                fw={600}
              >
                {counted(use.devices, 'device')}
              </Anchor>{' '}
              {use.devices === 1 ? 'runs' : 'run'} it.
            </Text>
            {use.channels.map(({ name, devices }) => (
              <Text size="sm" key={name}>
                Current release of <b>{name}</b>, which {counted(devices, 'device')}{' '}
                {devices === 1 ? 'follows' : 'follow'}.
              </Text>
            ))}
            {use.steppingStoneOf.length === 0 ? null : (
              <Text size="sm">Stepping stone of {use.steppingStoneOf.join(', ')}.</Text>
            )}
            {(rollouts.data ?? []).map(({ id, state, createdAt }) => (
              <Group key={id} gap="xs">
                <Anchor component={Link} to={`/rollouts/${id}`} size="sm">
                  Rollout of <Time value={createdAt} />
                </Anchor>
                <StateBadge state={state} />
              </Group>
            ))}
            {rollouts.data?.length === 0 ? (
              <Text size="sm" c="dimmed">
                It was never rolled out.
              </Text>
            ) : null}
          </Stack>
        )}
      </Loaded>
    </Panel>
  );
};
