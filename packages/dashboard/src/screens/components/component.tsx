import { Anchor, Badge, Grid, Group, Stack, Table, Text, TextInput } from '@mantine/core';
import type { BuiltComponent, ComponentPackage } from '@slipway/protocol';
import { useQuery } from '@tanstack/react-query';
import { IconListDetails, IconSearch } from '@tabler/icons-react';
import { Link, useParams } from 'react-router';
import { api } from '../../api.ts';
import { Copyable } from '../../parts/copyable.tsx';
import { DataTable, type Column } from '../../parts/data-table.tsx';
import { Empty } from '../../parts/empty.tsx';
import { Lines, Loaded } from '../../parts/loaded.tsx';
import { count, counted } from '../../parts/numbers.ts';
import { Page } from '../../parts/page.tsx';
import { Panel } from '../../parts/panel.tsx';
import { StateBadge } from '../../parts/state-badge.tsx';
import { Time } from '../../parts/time.tsx';
import { useSearch } from '../../parts/use-search.ts';
import { KIND_NAMES } from './kind-names.ts';

const CRUMBS = [{ label: 'Components', to: '/components' }];

export default function Screen() {
  const { id = '' } = useParams();
  const component = useQuery({
    queryKey: ['builds', 'component', id],
    queryFn: ({ signal }) => api.components.get(id, { signal }),
  });
  return (
    <Loaded
      query={component}
      title="The component could not be read"
      skeleton={
        <Page title="Component" crumbs={CRUMBS}>
          <Lines count={12} height={28} />
        </Page>
      }
    >
      {(data) => <Shown component={data} />}
    </Loaded>
  );
}

const Shown = ({ component }: { readonly component: BuiltComponent }) => (
  <Page
    title={component.name}
    crumbs={CRUMBS}
    beside={
      <Badge variant="default" radius="sm" tt="none">
        {KIND_NAMES[component.kind]}
      </Badge>
    }
    about={component.version === null ? undefined : `version ${component.version}`}
  >
    <Grid>
      <Grid.Col span={{ base: 12, md: 5 }}>
        <Stack gap="md">
          <Origin component={component} />
          <Others component={component} />
        </Stack>
      </Grid.Col>
      <Grid.Col span={{ base: 12, md: 7 }}>
        <Stack gap="md">
          <Holders component={component} />
          <Packages component={component} />
        </Stack>
      </Grid.Col>
    </Grid>
  </Page>
);

const TOLD: Readonly<Record<BuiltComponent['kind'], string>> = {
  oci: 'an image of a registry; its digest is that of the manifest',
  local: 'an image that lies in the image repository',
  deb: 'a set of Debian packages that is named in an image file; its digest is over all of them',
};

const Origin = ({ component }: { readonly component: BuiltComponent }) => {
  const { kind, name, version, digest, deviceClasses, builds, devices, firstBuiltAt, lastBuiltAt } =
    component;
  const rows: readonly (readonly [string, React.ReactNode])[] = [
    ['Origin', TOLD[kind]],
    ['Name', <Copyable key="name" text={name} what="name" />],
    ['Version', version ?? 'it tells none'],
    ['Digest', <Copyable key="digest" text={digest} shown={`${digest.slice(0, 19)}…`} what="digest" />],
    [
      'Classes',
      <Group key="classes" gap="xs">
        {deviceClasses.map((one) => (
          <Anchor key={one} component={Link} to={`/classes/${one}`} size="sm">
            {one}
          </Anchor>
        ))}
      </Group>,
    ],
    ['In', counted(builds, 'build')],
    ['Run by', counted(devices, 'device')],
    ['First built', <Time key="first" value={firstBuiltAt} />],
    ['Last built', <Time key="last" value={lastBuiltAt} />],
  ];
  return (
    <Panel title="Where it is from" isFlush>
      <Table verticalSpacing={6} horizontalSpacing="md">
        <Table.Tbody>
          {rows.map(([label, value]) => (
            <Table.Tr key={label}>
              <Table.Th scope="row" fw={500} c="dimmed" fz="sm" w={110} style={{ verticalAlign: 'top' }}>
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

/** The same name with other contents: what came before and after it. */
const Others = ({ component }: { readonly component: BuiltComponent }) => {
  const versions = useQuery({
    queryKey: ['builds', 'components', 'named', component.name, component.kind],
    queryFn: ({ signal }) =>
      api.components
        .list({ name: component.name.replace(/[*?\\]/g, '\\$&'), kind: component.kind }, { signal })
        .all(200),
  });
  const rows = versions.data?.toSorted((a, b) => (a.lastBuiltAt < b.lastBuiltAt ? 1 : -1));
  return (
    <Panel title="Versions in use" isFlush>
      <DataTable
        label={`Versions of ${component.name}`}
        rows={rows}
        skeletonRows={3}
        rowKey={({ id }) => id}
        columns={[
          {
            id: 'version',
            header: 'Version',
            cell: ({ id, version, digest }) =>
              id === component.id ? (
                <strong>{version ?? digest.slice(7, 19)} (this one)</strong>
              ) : (
                <Link className="slipway-row-link" to={`/components/${id}`}>
                  {version ?? digest.slice(7, 19)}
                </Link>
              ),
          },
          { id: 'devices', header: 'Devices', align: 'right', cell: ({ devices }) => count(devices) },
          {
            id: 'last',
            header: 'Last built',
            align: 'right',
            cell: ({ lastBuiltAt }) => <Time value={lastBuiltAt} />,
          },
        ]}
      />
    </Panel>
  );
};

const Holders = ({ component: { releases = [] } }: { readonly component: BuiltComponent }) => (
  <Panel title="Releases that hold it" isFlush>
    <DataTable
      label="List of releases that hold it"
      rows={releases}
      rowKey={({ id }) => id}
      empty={
        <Text p="md" pt={0} size="sm" c="dimmed">
          None: what was built with it was not signed.
        </Text>
      }
      columns={[
        {
          id: 'release',
          header: 'Release',
          cell: ({ id, deviceClass, version }) => (
            <Link className="slipway-row-link" to={`/releases/${id}`}>
              {deviceClass} {version}
            </Link>
          ),
        },
        { id: 'state', header: 'State', cell: ({ state }) => <StateBadge state={state} /> },
        {
          id: 'devices',
          header: 'Devices that run it',
          align: 'right',
          cell: ({ devices }) => count(devices),
        },
      ]}
    />
  </Panel>
);

const COLUMNS: readonly Column<ComponentPackage>[] = [
  {
    id: 'name',
    header: 'Package',
    cell: ({ type, name, version, source }) => (
      <Stack gap={0}>
        <Link
          className="slipway-row-link"
          to={`/field?query=${encodeURIComponent(`${type}:${name}`)}`}
          title={`Who runs ${name} ${version}?`}
        >
          {name}
        </Link>
        {source.name === name ? null : (
          <Text span size="xs" c="dimmed">
            of {source.name}
          </Text>
        )}
      </Stack>
    ),
  },
  { id: 'version', header: 'Version', cell: ({ version }) => version },
  {
    id: 'licenses',
    header: 'Licences',
    from: 'sm',
    cell: ({ licenses }) =>
      licenses.length === 0 ? (
        'unknown'
      ) : (
        <Text size="sm" lineClamp={2} title={licenses.join(', ')}>
          {licenses.join(', ')}
        </Text>
      ),
  },
];
const SHOWN = 300;

const Packages = ({ component }: { readonly component: BuiltComponent }) => {
  const [wanted, setWanted] = useSearch('package');
  const packages = useQuery({
    queryKey: ['builds', 'component-packages', component.id],
    queryFn: ({ signal }) => api.components.listPackages(component.id, { signal }),
  });
  const text = wanted.trim().toLowerCase();
  return (
    <Panel
      title="What is in it"
      isFlush
      actions={
        <TextInput
          aria-label="Find a package"
          placeholder="Find a package"
          size="xs"
          w={180}
          leftSection={<IconSearch size={14} />}
          value={wanted}
          onChange={({ currentTarget }) => setWanted(currentTarget.value)}
        />
      }
    >
      <Loaded query={packages} title="What is in it is not known">
        {(all) => {
          const rows = all.filter(({ name }) => name.toLowerCase().includes(text));
          return (
            <>
              <DataTable
                label="Packages in the component"
                columns={COLUMNS}
                rows={rows.slice(0, SHOWN)}
                rowKey={({ purl }) => purl}
                empty={
                  <Empty
                    icon={IconListDetails}
                    title={text === '' ? 'No package was found in it' : 'No such package'}
                  >
                    Programs copied in by hand are in no database of packages, so no list names them.
                  </Empty>
                }
              />
              {rows.length > SHOWN ? (
                <Text p="md" size="sm" c="dimmed">
                  The first {SHOWN} of {count(rows.length)}.
                </Text>
              ) : null}
            </>
          );
        }}
      </Loaded>
    </Panel>
  );
};
