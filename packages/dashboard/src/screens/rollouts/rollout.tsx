import { Alert, Anchor, Badge, Card, Group, SimpleGrid, Skeleton, Stack, Tabs, Text } from '@mantine/core';
import { isOverRollout, type Rollout } from '@slipway/protocol';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { IconAlertTriangle, IconInfoCircle, IconPlayerPause } from '@tabler/icons-react';
import { Link, useParams, useSearchParams } from 'react-router';
import { api } from '../../api.ts';
import { Copyable } from '../../parts/copyable.tsx';
import { Failure } from '../../parts/failure.tsx';
import { Loaded } from '../../parts/loaded.tsx';
import { count, counted, percent, span } from '../../parts/numbers.ts';
import { Page } from '../../parts/page.tsx';
import { Panel } from '../../parts/panel.tsx';
import { StateBadge } from '../../parts/state-badge.tsx';
import { Time } from '../../parts/time.tsx';
import { useMay } from '../../session/session.tsx';
import { Approvals } from './approvals.tsx';
import { Compare } from './compare.tsx';
import { Executions } from './executions.tsx';
import { Failures } from './failures.tsx';
import { BAD_INK } from './gauge.tsx';
import { PlanFacts, targetText } from './plan-facts.tsx';
import { ProgressPlot } from './progress-plot.tsx';
import { StageBar } from './stage-bar.tsx';
import { stagesOfRollout, successOf, totalOf } from './stages.ts';
import { Steps } from './steps.tsx';
import { useLiveRollout } from './use-live-rollout.ts';
import { WaveGrid } from './wave-grid.tsx';
import { WhoDidWhat } from './who-did-what.tsx';

const crumbs = [{ label: 'Rollouts', to: '/rollouts' }];

export default function Screen() {
  const { id = '' } = useParams();
  const query = useLiveRollout(id);
  if (query.data === undefined)
    return (
      <Page title="Rollout" crumbs={crumbs}>
        {query.error === null ? (
          <Stack aria-busy>
            <Skeleton height={110} />
            <Skeleton height={220} />
            <Skeleton height={240} />
          </Stack>
        ) : (
          <Failure
            error={query.error}
            title="The rollout could not be read"
            retry={() => void query.refetch()}
          />
        )}
      </Page>
    );
  return <Shown rollout={query.data} />;
}

const Shown = ({ rollout }: { readonly rollout: Rollout }) => {
  const [search, setSearch] = useSearchParams();
  const mayAudit = useMay('admin');
  const tab = search.get('tab') ?? 'waves';
  const show = (next: string, filter: Readonly<Record<string, string>> = {}): void =>
    setSearch({ ...(next === 'waves' ? {} : { tab: next }), ...filter });
  return (
    <Page
      title={`${rollout.version} to ${rollout.deviceClass}`}
      crumbs={crumbs}
      beside={<StateBadge state={rollout.state} />}
      about={
        <Group gap="xs">
          <Copyable text={rollout.id} what="the id of the rollout" />
          <span>
            {targetText(rollout)} · by {rollout.createdBy === '' ? 'unknown' : rollout.createdBy},{' '}
            <Time value={rollout.createdAt} />
          </span>
        </Group>
      }
      actions={<Steps rollout={rollout} />}
    >
      <Notice rollout={rollout} />
      <Headline rollout={rollout} />
      <Tabs value={tab} onChange={(value) => show(value ?? 'waves')} keepMounted={false}>
        <Tabs.List mb="md">
          <Tabs.Tab value="waves">Waves</Tabs.Tab>
          <Tabs.Tab value="failures">
            <Group gap={6}>
              Failures <FailureCount rollout={rollout} />
            </Group>
          </Tabs.Tab>
          <Tabs.Tab value="devices">Devices</Tabs.Tab>
          <Tabs.Tab value="plan">Plan and approvals</Tabs.Tab>
          <Tabs.Tab value="compare">Compare</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="waves">
          <Stack>
            <WaveGrid rollout={rollout} onChoose={(wave) => show('devices', { wave: String(wave) })} />
            <OverTime rollout={rollout} />
          </Stack>
        </Tabs.Panel>
        <Tabs.Panel value="failures">
          <Why rollout={rollout} onChoose={(code) => show('devices', { code })} />
        </Tabs.Panel>
        <Tabs.Panel value="devices">
          <Executions rollout={rollout} />
        </Tabs.Panel>
        <Tabs.Panel value="plan">
          <Stack>
            <Panel title="Plan">
              <PlanFacts rollout={rollout} />
            </Panel>
            <SimpleGrid cols={{ base: 1, md: 2 }}>
              {rollout.approvals.length === 0 ? null : (
                <Panel title="Approvals">
                  <Approvals rollout={rollout} />
                </Panel>
              )}
              {mayAudit ? <WhoDidWhat rollout={rollout.id} /> : null}
            </SimpleGrid>
          </Stack>
        </Tabs.Panel>
        <Tabs.Panel value="compare">
          <Card>
            <Compare rollout={rollout} />
          </Card>
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
};

const FailureCount = ({ rollout }: { readonly rollout: Rollout }) => {
  const { failed } = stagesOfRollout(rollout);
  return failed === 0 ? null : (
    <Badge size="sm" color="red.9" variant="filled" circle={failed < 10}>
      {count(failed)}
    </Badge>
  );
};

/** Where it stands, in numbers that are read across a room. */
const Headline = ({ rollout }: { readonly rollout: Rollout }) => {
  const stages = stagesOfRollout(rollout);
  const total = totalOf(stages);
  const success = successOf(stages);
  const end = rollout.finishedAt === null ? undefined : Date.parse(rollout.finishedAt);
  const began = rollout.waves[0]?.startedAt ?? null;
  const numbers: readonly (readonly [string, string, string])[] = [
    ['Healthy', percent(stages.healthy, total), `${count(stages.healthy)} of ${counted(total, 'device')}`],
    ['Success', success === undefined ? '–' : percent(success, 1), 'of those that are decided'],
    ['Under way', count(stages.preparing + stages.trial), `at most ${count(rollout.maxInFlight)} at once`],
    [
      'Failed',
      count(stages.failed),
      `ends at ${count(rollout.failureThreshold)}${rollout.failurePercent === null ? '' : ` or ${rollout.failurePercent} %`}`,
    ],
  ];
  return (
    <Card>
      <Stack gap="md">
        <SimpleGrid cols={{ base: 2, sm: 4 }}>
          {numbers.map(([name, value, about]) => (
            <div key={name}>
              <Text size="xs" c="dimmed">
                {name}
              </Text>
              <Text
                fz={26}
                fw={650}
                lh={1.2}
                c={name === 'Failed' && stages.failed > 0 ? BAD_INK : undefined}
              >
                {value}
              </Text>
              <Text size="xs" c="dimmed">
                {about}
              </Text>
            </div>
          ))}
        </SimpleGrid>
        <StageBar counts={stages} label="Devices of the rollout" height={18} hasLegend />
        {began === null ? null : (
          <Text size="xs" c="dimmed">
            Began <Time value={began} as="local" />
            {end === undefined ? null : `, took ${span(end - Date.parse(began))}`}
          </Text>
        )}
      </Stack>
    </Card>
  );
};

const NOTICE_COLORS: Partial<Record<Rollout['state'], string>> = {
  paused: 'yellow',
  aborted: 'gray',
  rolled_back: 'gray',
  rolling_back: 'orange',
};

/** What somebody who looks has to know first: why it stands still, what it waits for. */
const Notice = ({ rollout }: { readonly rollout: Rollout }) => {
  const pending = rollout.waves.find(({ state }) => state === 'pending');
  return (
    <>
      {rollout.reason === null ? null : (
        <Alert
          color={NOTICE_COLORS[rollout.state] ?? 'red'}
          icon={rollout.state === 'paused' ? <IconPlayerPause /> : <IconAlertTriangle />}
          title={`It is ${rollout.state.replaceAll('_', ' ')}`}
        >
          {rollout.reason}
        </Alert>
      )}
      {rollout.state === 'pending' || (pending !== undefined && !isOverRollout(rollout.state)) ? (
        <Alert color="blue" icon={<IconInfoCircle />} title="It waits for an approval">
          Somebody with the role approver, other than {rollout.createdBy}, has to approve{' '}
          {rollout.state === 'pending' ? 'its start' : `wave ${(pending?.index ?? 0) + 1}`}.
        </Alert>
      ) : null}
      {rollout.state === 'scheduled' ? (
        <Alert color="blue" icon={<IconInfoCircle />} title="It is planned">
          It begins <Time value={rollout.startAt} as="local" /> (<Time value={rollout.startAt} />
          ).
        </Alert>
      ) : null}
      {rollout.waitsFor.length === 0 ? null : (
        <Alert color="blue" icon={<IconInfoCircle />} title="It waits for other rollouts">
          {rollout.waitsFor.map(({ rollout: other, devices, until }) => (
            <Text size="sm" key={other}>
              {counted(devices, 'device')} take the release of{' '}
              <Anchor component={Link} to={`/rollouts/${other}`} inherit>
                another rollout
              </Anchor>{' '}
              first; the first is given up <Time value={until} />.
            </Text>
          ))}
        </Alert>
      )}
    </>
  );
};

const OverTime = ({ rollout }: { readonly rollout: Rollout }) => {
  const query = useQuery({
    queryKey: ['rollouts', 'progress', rollout.id],
    queryFn: ({ signal }) => api.rollouts.progress(rollout.id, { signal }),
    placeholderData: keepPreviousData,
  });
  return (
    <Panel title="Over time">
      <Loaded query={query} skeleton={<Skeleton height={260} />}>
        {(progress) => <ProgressPlot rollout={rollout} progress={progress} />}
      </Loaded>
    </Panel>
  );
};

const Why = ({
  rollout,
  onChoose,
}: {
  readonly rollout: Rollout;
  readonly onChoose: (code: string) => void;
}) => {
  const query = useQuery({
    queryKey: ['rollouts', 'failures', rollout.id],
    queryFn: ({ signal }) => api.rollouts.listFailures(rollout.id, { signal }),
  });
  const { healthy, soaking, failed } = stagesOfRollout(rollout);
  return (
    <Loaded query={query} title="The failures could not be read">
      {(groups) => <Failures groups={groups} decided={healthy + soaking + failed} onChoose={onChoose} />}
    </Loaded>
  );
};
