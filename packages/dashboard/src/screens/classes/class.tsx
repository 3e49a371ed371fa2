import { Alert, Anchor, Badge, Button, Code, Grid, Group, List, Stack, Table, Text } from '@mantine/core';
import type { DeviceClassDetail } from '@slipway/protocol';
import { useQuery } from '@tanstack/react-query';
import { IconAlertTriangle, IconFileCode, IconHammer } from '@tabler/icons-react';
import { Link, useParams } from 'react-router';
import { api } from '../../api.ts';
import { DataTable } from '../../parts/data-table.tsx';
import { Failure } from '../../parts/failure.tsx';
import { Lines, Loaded } from '../../parts/loaded.tsx';
import { Page } from '../../parts/page.tsx';
import { Panel } from '../../parts/panel.tsx';
import { StateBadge } from '../../parts/state-badge.tsx';
import { Time } from '../../parts/time.tsx';
import { useMay } from '../../session/session.tsx';
import { besideBundle } from '../builds/beside-bundle.ts';
import { toldOf } from '../builds/trigger-words.ts';
import { whyBuilt } from '../builds/why.ts';
import { editorOf } from './addresses.ts';
import { NamedTriggers } from './named-triggers.tsx';
import { Partitions } from './partitions.tsx';
import { takenBy } from './taken-by.ts';

const CRUMBS = [{ label: 'Classes', to: '/classes' }];

export default function Screen() {
  const { name = '' } = useParams();
  const deviceClass = useQuery({
    queryKey: ['device-classes', 'one', name],
    queryFn: ({ signal }) => api.deviceClasses.get(name, { signal }),
  });
  return (
    <Loaded
      query={deviceClass}
      title="The class could not be read"
      skeleton={
        <Page title={name} crumbs={CRUMBS}>
          <Lines count={12} height={28} />
        </Page>
      }
    >
      {(detail) => <Shown detail={detail} />}
    </Loaded>
  );
}

const Shown = ({ detail }: { readonly detail: DeviceClassDetail }) => {
  const mayBuild = useMay('release');
  const { name, arch, file, problem, partitions } = detail;
  const builds = useQuery({
    queryKey: ['builds', 'last', name],
    queryFn: ({ signal }) => api.builds.list({ deviceClass: name, limit: 20 }, { signal }).all(20),
  });
  return (
    <Page
      title={name}
      crumbs={CRUMBS}
      beside={
        <Badge variant="default" radius="sm" tt="none">
          {arch}
        </Badge>
      }
      actions={
        <>
          <Button
            component={Link}
            to={editorOf(file)}
            variant="default"
            leftSection={<IconFileCode size={16} />}
          >
            {mayBuild ? 'Edit class file' : 'Class file'}
          </Button>
          {mayBuild ? (
            <Button
              component={Link}
              to={`/builds?new=1&class=${name}`}
              leftSection={<IconHammer size={16} />}
            >
              Build
            </Button>
          ) : null}
        </>
      }
    >
      {problem === null ? null : (
        <Alert
          color="red"
          icon={<IconAlertTriangle />}
          title="Its image files have a fault: nothing can be built"
        >
          <Text size="sm" style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
            {problem}
          </Text>
        </Alert>
      )}
      <Panel title="Disk">
        <Partitions sizes={partitions} used={takenBy(builds.data)} />
      </Panel>
      <Grid>
        <Grid.Col span={{ base: 12, md: 7 }}>
          <Stack gap="md">
            <Composition detail={detail} />
            <Panel title="Builds" isFlush>
              <DataTable
                label={`Builds of ${name}`}
                rows={builds.data?.slice(0, 8)}
                skeletonRows={4}
                rowKey={({ id }) => id}
                empty={
                  <Text p="md" size="sm" c="dimmed">
                    Nothing was built for this class yet.
                  </Text>
                }
                columns={[
                  {
                    id: 'version',
                    header: 'Version',
                    cell: ({ id, version }) => (
                      <Link className="slipway-row-link" to={`/builds/${id}`}>
                        {version}
                      </Link>
                    ),
                  },
                  {
                    id: 'state',
                    header: 'State',
                    cell: ({ state }) => <StateBadge state={state} />,
                  },
                  { id: 'why', header: 'Why', from: 'sm', cell: whyBuilt },
                  {
                    id: 'at',
                    header: 'Asked for',
                    align: 'right',
                    cell: ({ createdAt }) => <Time value={createdAt} />,
                  },
                ]}
              />
            </Panel>
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 5 }}>
          <Stack gap="md">
            <Facts detail={detail} />
            <Channels name={name} />
            <Triggers name={name} />
          </Stack>
        </Grid.Col>
      </Grid>
    </Page>
  );
};

const Facts = ({ detail }: { readonly detail: DeviceClassDetail }) => {
  const { board, bootLoader, cmdline, drivers, secureBoot, qualification, needs, outputs, file, images } =
    detail;
  const rows: readonly (readonly [string, React.ReactNode])[] = [
    ['Board', board],
    ['Boot loader', bootLoader],
    [
      'Secure Boot',
      secureBoot ? 'on: devices start only what the keys of its signing profile have signed' : 'off',
    ],
    [
      'Signing profile',
      detail.alsoTrusts.length === 0
        ? detail.signing
        : `${detail.signing}; images trust ${detail.alsoTrusts.join(', ')}, too`,
    ],
    ['Qualification', qualification === 'on' ? 'each release is tried in a virtual device' : 'off'],
    ['Kernel command line', cmdline === '' ? '–' : <Code key="cmdline">{cmdline}</Code>],
    ['Drivers', drivers === null ? 'those that most machines need' : drivers.join(', ') || 'none'],
    ['Needs of a worker', needs.length === 0 ? 'nothing special' : needs.join(', ')],
    ['Beside the bundle', besideBundle(outputs)],
    [
      'Files',
      <Stack key="files" gap={2}>
        {[file, ...images].map((path) => (
          <Anchor key={path} component={Link} to={editorOf(path)} size="sm">
            {path}
          </Anchor>
        ))}
      </Stack>,
    ],
  ];
  return (
    <Panel title="What these devices are" isFlush>
      <Table verticalSpacing={6} horizontalSpacing="md">
        <Table.Tbody>
          {rows.map(([label, value]) => (
            <Table.Tr key={label}>
              <Table.Th scope="row" fw={500} c="dimmed" fz="sm" w={140} style={{ verticalAlign: 'top' }}>
                {label}
              </Table.Th>
              <Table.Td fz="sm" style={{ overflowWrap: 'anywhere' }}>
                {value}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Panel>
  );
};

/** Name of a component as the list of components finds it: the reference without tag and digest. */
const componentQuery = (reference: string): string =>
  `/components?name=${encodeURIComponent(
    `*${reference
      .replace(/^(?:deb|oci|oci-archive|docker-archive):/, '')
      .replace(/@sha256:.*$/, '')
      .replace(/:[^:/]*$/, '')}*`,
  )}`;

const Reference = ({ reference }: { readonly reference: string }) => (
  <Anchor component={Link} to={componentQuery(reference)} size="sm">
    {reference}
  </Anchor>
);

const Composition = ({ detail: { composition } }: { readonly detail: DeviceClassDetail }) => {
  if (composition === null) return null;
  const { kernel, kernelCmdline, init, onboot, services, onshutdown, packages, files, modules, agent } =
    composition;
  const containers = (list: typeof services) =>
    list.length === 0
      ? null
      : list.map(({ name, image }) => (
          <List.Item key={name}>
            <strong>{name}</strong> from <Reference reference={image} />
          </List.Item>
        ));
  const parts: readonly (readonly [string, string, React.ReactNode])[] = [
    [
      'Kernel',
      'starts the machine',
      kernel === null ? null : (
        <List.Item>
          <Reference reference={kernel} /> {kernelCmdline === '' ? null : <Code>{kernelCmdline}</Code>}
        </List.Item>
      ),
    ],
    [
      'Root',
      'each over the one before',
      init.length === 0
        ? null
        : init.map((reference) => (
            <List.Item key={reference}>
              <Reference reference={reference} />
            </List.Item>
          )),
    ],
    ['At start', 'one after the other', containers(onboot)],
    ['Services', 'side by side, for as long as the device runs', containers(services)],
    ['At the end', 'one after the other', containers(onshutdown)],
    [
      'Package sets',
      'what deb:NAME stands for',
      packages.length === 0
        ? null
        : packages.map(({ name, install }) => (
            <List.Item key={name}>
              <strong>{name}</strong>: {install.join(', ')}
            </List.Item>
          )),
    ],
    [
      'Files',
      'written into the root',
      files.length === 0
        ? null
        : files.map((path) => <List.Item key={path}>/{path.replace(/^\/+/, '')}</List.Item>),
    ],
    [
      'Kernel modules',
      'loaded by services',
      modules.length === 0 ? null : <List.Item>{modules.join(', ')}</List.Item>,
    ],
    [
      'Agent',
      'updates the device',
      <List.Item key="agent">
        {agent.enabled ? `on ${agent.runtime}` : 'none: it takes no updates'}
      </List.Item>,
    ],
  ];
  return (
    <Panel title="What its image is made of" isFlush>
      <Table verticalSpacing={8} horizontalSpacing="md">
        <Table.Tbody>
          {parts
            .filter(([, , content]) => content !== null)
            .map(([label, about, content]) => (
              <Table.Tr key={label}>
                <Table.Th scope="row" w={170} style={{ verticalAlign: 'top' }}>
                  <Text size="sm" fw={600}>
                    {label}
                  </Text>
                  <Text size="xs" c="dimmed">
                    {about}
                  </Text>
                </Table.Th>
                <Table.Td>
                  <List size="sm" listStyleType="none" spacing={2} style={{ overflowWrap: 'anywhere' }}>
                    {content}
                  </List>
                </Table.Td>
              </Table.Tr>
            ))}
        </Table.Tbody>
      </Table>
    </Panel>
  );
};

const Channels = ({ name }: { readonly name: string }) => {
  const channels = useQuery({
    queryKey: ['channels', 'of', name],
    queryFn: ({ signal }) => api.channels.list({ deviceClass: name }, { signal }).all(100),
  });
  return (
    <Panel title="Channels" isFlush>
      {channels.error === null ? null : (
        <Failure error={channels.error} title="The channels could not be read" />
      )}
      <DataTable
        label={`Channels of ${name}`}
        rows={channels.error === null ? channels.data : []}
        skeletonRows={2}
        rowKey={({ name: channel }) => channel}
        empty={
          <Text p="md" pt={0} size="sm" c="dimmed">
            None yet: one is made when a release is published to it.
          </Text>
        }
        columns={[
          {
            id: 'name',
            header: 'Channel',
            cell: ({ name: channel }) => channel,
          },
          {
            id: 'version',
            header: 'Release',
            cell: ({ release, version }) =>
              release === null ? (
                '–'
              ) : (
                <Anchor component={Link} to={`/releases/${release}`} size="sm">
                  {version}
                </Anchor>
              ),
          },
          {
            id: 'devices',
            header: 'Devices',
            align: 'right',
            cell: ({ devices }) => devices,
          },
        ]}
      />
    </Panel>
  );
};

const Triggers = ({ name }: { readonly name: string }) => {
  const triggers = useQuery({
    queryKey: ['triggers'],
    queryFn: ({ signal }) => api.triggers.list({}, { signal }).all(500),
  });
  return (
    <Panel title="Triggers">
      <Loaded query={triggers} title="The triggers could not be read" skeleton={<Lines count={2} />}>
        {(all) => {
          const own = all.filter(({ classes }) => classes?.some((one) => one === name) ?? true);
          return own.length === 0 ? (
            <Text size="sm" c="dimmed">
              Nothing builds it by itself. Triggers build on a push, at a time, or when packages change
              upstream.
            </Text>
          ) : (
            <Stack gap="xs">
              {own.map((trigger) => (
                <Group key={trigger.id} gap="xs" wrap="nowrap" align="flex-start">
                  <Anchor
                    component={Link}
                    to={`/builds?tab=triggers&trigger=${trigger.name}`}
                    size="sm"
                    fw={500}
                  >
                    {trigger.name}
                  </Anchor>
                  <Text size="sm" c="dimmed">
                    {trigger.enabled ? '' : 'switched off: '}
                    {toldOf(trigger)}
                    {trigger.classFile === null ? '' : ', as the class file says'}
                  </Text>
                </Group>
              ))}
            </Stack>
          );
        }}
      </Loaded>
      <NamedTriggers name={name} />
    </Panel>
  );
};
