import { Alert, Button, Code, Grid, Group, Progress, Stack, Tabs, Text } from '@mantine/core';
import { ERRORS, isBuildOver, isErrorCode, type Build } from '@slipway/protocol';
import { useQuery } from '@tanstack/react-query';
import { IconAlertTriangle, IconBan, IconRefresh, IconRocket } from '@tabler/icons-react';
import { Link, useNavigate, useParams } from 'react-router';
import { api } from '../../api.ts';
import { useConfirm } from '../../parts/confirm.tsx';
import { Lines, Loaded } from '../../parts/loaded.tsx';
import { Page } from '../../parts/page.tsx';
import { Panel } from '../../parts/panel.tsx';
import { StateBadge } from '../../parts/state-badge.tsx';
import { Time } from '../../parts/time.tsx';
import { useAction } from '../../parts/use-action.ts';
import { useSearch } from '../../parts/use-search.ts';
import { useMay } from '../../session/session.tsx';
import { Artifacts } from './artifacts.tsx';
import { Changes } from './changes.tsx';
import { Contents } from './contents.tsx';
import { Facts } from './facts.tsx';
import { LogView } from './log-view.tsx';
import { Provenance } from './provenance.tsx';
import { stepText } from './step-text.ts';
import { Steps } from './steps.tsx';
import { placeOf, whyBuilt } from './why.ts';

export default function Screen() {
  const { id = '' } = useParams();
  const build = useQuery({
    queryKey: ['builds', 'one', id],
    queryFn: ({ signal }) => api.builds.get(id, { signal }),
  });
  return (
    <Loaded
      query={build}
      title="The build could not be read"
      skeleton={
        <Page title="Build" crumbs={CRUMBS}>
          <Lines count={12} height={28} />
        </Page>
      }
    >
      {(data) => <Shown build={data} />}
    </Loaded>
  );
}

const CRUMBS = [{ label: 'Builds', to: '/builds' }];

const Shown = ({ build }: { readonly build: Build }) => {
  const [tab, setTab] = useSearch('tab', 'overview');
  return (
    <Page
      title={`${build.deviceClass} ${build.version}`}
      crumbs={CRUMBS}
      beside={<StateBadge state={build.state} />}
      about={
        <>
          Asked for <Time value={build.createdAt} />, {whyBuilt(build)}
        </>
      }
      actions={<Actions build={build} />}
    >
      <Going build={build} />
      <Tabs value={tab} onChange={(value) => setTab(value ?? 'overview')} keepMounted={false}>
        <Tabs.List mb="md">
          <Tabs.Tab value="overview">Overview</Tabs.Tab>
          <Tabs.Tab value="log">Log</Tabs.Tab>
          <Tabs.Tab value="contents">Contents</Tabs.Tab>
          <Tabs.Tab value="changes">Changes</Tabs.Tab>
          <Tabs.Tab value="artifacts">Artifacts</Tabs.Tab>
          <Tabs.Tab value="provenance">Provenance</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="overview">
          <Grid>
            <Grid.Col span={{ base: 12, md: 6 }}>
              <Stack gap="md">
                <Steps build={build} />
                <Artifacts build={build} isBrief />
              </Stack>
            </Grid.Col>
            <Grid.Col span={{ base: 12, md: 6 }}>
              <Facts build={build} />
            </Grid.Col>
          </Grid>
        </Tabs.Panel>
        <Tabs.Panel value="log">
          <Panel title="Log" isFlush>
            <LogView key={build.id} build={build} />
          </Panel>
        </Tabs.Panel>
        <Tabs.Panel value="contents">
          <Contents build={build} />
        </Tabs.Panel>
        <Tabs.Panel value="changes">
          <Changes build={build} />
        </Tabs.Panel>
        <Tabs.Panel value="artifacts">
          <Artifacts build={build} />
        </Tabs.Panel>
        <Tabs.Panel value="provenance">
          <Provenance build={build} />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
};

/** How it goes on, or why it did not. */
const Going = ({ build }: { readonly build: Build }) => {
  if (build.state === 'cancelled')
    return (
      <Alert
        color="gray"
        icon={<IconBan />}
        title={
          <>
            Cancelled <Time value={build.cancelledAt} />
          </>
        }
      >
        {build.startedAt === null
          ? 'No worker had begun it. '
          : 'Its worker stops, and what it had made is thrown away; the log stays. '}
        No release comes of it.
      </Alert>
    );
  if (build.code !== null)
    return (
      <Alert
        color="red"
        icon={<IconAlertTriangle />}
        title={
          <Group gap="xs">
            It failed <Code>{build.code}</Code>
          </Group>
        }
      >
        <Text size="sm" style={{ overflowWrap: 'anywhere', whiteSpace: 'pre-wrap' }}>
          {build.message}
        </Text>
        {isErrorCode(build.code) ? (
          <Text size="sm" fw={500} mt="xs">
            {ERRORS[build.code].mend}
          </Text>
        ) : null}
      </Alert>
    );
  if (isBuildOver(build)) return null;
  return (
    <Panel title={build.state === 'queued' ? 'Waiting' : 'Under way'}>
      <Group justify="space-between" mb={6}>
        <Text size="sm" fw={500} role="status">
          {stepText(build)}
        </Text>
        <Text size="sm" c="dimmed">
          {build.state === 'queued' ? '' : `${build.percent} %`}
        </Text>
      </Group>
      <Progress
        value={build.state === 'queued' ? 0 : build.percent}
        animated
        aria-label={`${build.step}, ${build.percent} %`}
      />
    </Panel>
  );
};

const Actions = ({ build }: { readonly build: Build }) => {
  const mayBuild = useMay('release');
  const confirm = useConfirm();
  const navigate = useNavigate();
  const goTo = ({ id }: Build): void => void navigate(`/builds/${id}`);
  const cancel = useAction({
    run: () => api.builds.cancel(build.id),
    done: 'Build cancelled',
    stale: ['builds'],
  });
  const again = useAction({
    run: () =>
      build.state === 'succeeded'
        ? api.builds.create({ deviceClass: build.deviceClass, ...placeOf(build), force: true })
        : api.builds.retry(build.id),
    done: ({ version }: Build) => `Build of ${version} asked for`,
    stale: ['builds'],
    onDone: goTo,
  });
  const askToCancel = async (): Promise<void> => {
    const isSure = await confirm({
      title: `Cancel the build of ${build.deviceClass} ${build.version}?`,
      consequences: [
        'Its worker stops, and what it has made so far is thrown away.',
        'No release comes of it; whatever asked for it is told that it was cancelled.',
        'It can be built once more later, from the same files.',
      ],
      action: 'Cancel the build',
      isDangerous: true,
    });
    if (isSure) cancel.mutate();
  };
  return (
    <>
      {build.state === 'succeeded' ? (
        <Button
          component={Link}
          to={`/releases/${build.release}`}
          variant="default"
          leftSection={<IconRocket size={16} />}
        >
          Release
        </Button>
      ) : null}
      {mayBuild && (build.state === 'queued' || build.state === 'building') ? (
        <Button
          variant="default"
          leftSection={<IconBan size={16} />}
          loading={cancel.isPending}
          onClick={() => void askToCancel()}
        >
          Cancel
        </Button>
      ) : null}
      {mayBuild && isBuildOver(build) ? (
        <Button
          variant="default"
          leftSection={<IconRefresh size={16} />}
          loading={again.isPending}
          onClick={() => again.mutate()}
        >
          {build.state === 'succeeded' ? 'Build as of now' : 'Build once more'}
        </Button>
      ) : null}
    </>
  );
};
