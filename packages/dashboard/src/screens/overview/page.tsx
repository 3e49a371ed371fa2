import './overview.css';
import { Button, Grid, Skeleton, Stack } from '@mantine/core';
import type { Overview } from '@slipway/protocol';
import { IconSchool } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { api } from '../../api.ts';
import { Empty } from '../../parts/empty.tsx';
import { Loaded } from '../../parts/loaded.tsx';
import { Page } from '../../parts/page.tsx';
import { Panel } from '../../parts/panel.tsx';
import { RecentActivity } from './activity.tsx';
import { AttentionList } from './attention-list.tsx';
import { Fleet } from './fleet.tsx';
import { RolloutsUnderWay } from './rollouts.tsx';
import { Verdict } from './verdict.tsx';
import { VersionsOverTime } from './versions-over-time.tsx';

const Waiting = () => (
  <Stack gap="md" aria-busy aria-label="Loading">
    <Skeleton height={66} />
    <Skeleton height={100} />
    <Grid>
      <Grid.Col span={{ base: 12, lg: 8 }}>
        <Skeleton height={320} />
      </Grid.Col>
      <Grid.Col span={{ base: 12, lg: 4 }}>
        <Skeleton height={320} />
      </Grid.Col>
    </Grid>
  </Stack>
);

const isNew = ({ counts, activity }: Overview): boolean => counts.total === 0 && activity.length === 0;

const First = () => (
  <Panel title="Begin here">
    <Empty
      icon={IconSchool}
      title="This installation is empty"
      action={
        <Button component={Link} to="/start">
          Lead me to my first device
        </Button>
      }
    >
      Here stands what your fleet is and what needs you. A few steps lead to a first release, and to a virtual
      device that runs it.
    </Empty>
  </Panel>
);

const Glance = ({ overview }: { readonly overview: Overview }) => (
  <Stack gap="md">
    {isNew(overview) ? <First /> : null}
    <Verdict overview={overview} />
    <Grid gap="md">
      <Grid.Col span={{ base: 12, lg: 8 }}>
        <Stack gap="md">
          <Panel title="Needs attention">
            <AttentionList items={overview.attention} />
          </Panel>
          <Panel title="Rollouts under way">
            <RolloutsUnderWay rollouts={overview.rollouts} />
          </Panel>
          <VersionsOverTime classes={overview.counts.byClass.flatMap(({ value }) => value ?? [])} />
        </Stack>
      </Grid.Col>
      <Grid.Col span={{ base: 12, lg: 4 }}>
        <Panel title="Recent activity">
          <RecentActivity activity={overview.activity} />
        </Panel>
      </Grid.Col>
    </Grid>
    <Fleet counts={overview.counts} />
  </Stack>
);

export default function Screen() {
  const query = useQuery({
    queryKey: ['overview'],
    queryFn: ({ signal }) => api.overview.get({ signal }),
  });
  return (
    <Page title="Overview" about="What your fleet is now, and what of it needs you.">
      <Loaded query={query} title="The overview could not be read" skeleton={<Waiting />}>
        {(overview) => <Glance overview={overview} />}
      </Loaded>
    </Page>
  );
}
