import { Anchor, Card, Group, Select, SimpleGrid, Skeleton, Stack, Text } from '@mantine/core';
import type { Build, BuildDifference } from '@slipway/protocol';
import { useQuery } from '@tanstack/react-query';
import { IconArrowsDiff } from '@tabler/icons-react';
import { lazy, Suspense } from 'react';
import { Link } from 'react-router';
import { api } from '../../api.ts';
import { DataTable, type Column } from '../../parts/data-table.tsx';
import { Empty } from '../../parts/empty.tsx';
import { Loaded } from '../../parts/loaded.tsx';
import { bytes, bytesChange, count } from '../../parts/numbers.ts';
import { Panel } from '../../parts/panel.tsx';
import { StateBadge } from '../../parts/state-badge.tsx';
import { useSearch } from '../../parts/use-search.ts';

const TextDiff = lazy(() => import('../../parts/code/text-diff.tsx'));

/** What this build changes against the one before, or another. */
export const Changes = ({ build }: { readonly build: Build }) => {
  const [from, setFrom] = useSearch('from');
  const others = useQuery({
    queryKey: ['builds', 'list', build.deviceClass, 'succeeded'],
    queryFn: ({ signal }) =>
      api.builds
        .list({ deviceClass: build.deviceClass, state: 'succeeded', limit: 200 }, { signal })
        .all(200),
  });
  const known = (others.data ?? []).filter(({ id }) => id !== build.id);
  const before = known.find(({ counter }) => counter < build.counter);
  const base = from === '' ? before?.id : from;
  const difference = useQuery({
    queryKey: ['difference', build.id, base],
    queryFn: ({ signal }) => api.builds.difference(build.id, { from: base }, { signal }),
    enabled: base !== undefined && build.state === 'succeeded',
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (build.state !== 'succeeded' || (others.data !== undefined && known.length === 0))
    return (
      <Panel title="Changes">
        <Empty icon={IconArrowsDiff} title="Nothing to compare">
          {build.state === 'succeeded'
            ? `This is the only build of ${build.deviceClass} that succeeded. The next one is compared with it.`
            : 'What a build changes is known once it has succeeded.'}
        </Empty>
      </Panel>
    );
  return (
    <Stack gap="md">
      <Group gap="xs">
        <Text size="sm" id="changes-from">
          Compared with
        </Text>
        <Select
          aria-labelledby="changes-from"
          size="xs"
          w={220}
          data={known.map(({ id, version, createdAt }) => ({
            value: id as string,
            label: `${version} · ${createdAt.slice(0, 16).replace('T', ' ')} UTC`,
          }))}
          value={base ?? null}
          onChange={(chosen) => setFrom(chosen === before?.id ? '' : (chosen ?? ''))}
          allowDeselect={false}
          searchable
        />
        {base === undefined ? null : (
          <Anchor component={Link} to={`/builds/${base}`} size="sm">
            open it
          </Anchor>
        )}
      </Group>
      <Loaded
        query={difference}
        title="The builds could not be compared"
        skeleton={<Skeleton height={420} />}
      >
        {(data) => <Difference difference={data} />}
      </Loaded>
    </Stack>
  );
};

const Difference = ({ difference }: { readonly difference: BuildDifference }) => {
  const { packages, components, files, configuration, artifacts } = difference;
  return (
    <Stack gap="md">
      <SimpleGrid cols={{ base: 2, md: 4 }}>
        <Figure
          label="Size of all files"
          value={files === null ? 'unknown' : bytesChange(files.size.to - files.size.from)}
          about={files === null ? undefined : `${bytes(files.size.from)} → ${bytes(files.size.to)}`}
        />
        <Figure
          label="Packages"
          value={
            packages === null
              ? 'unknown'
              : counts(packages.added.length, packages.removed.length, packages.changed.length)
          }
          about="added, removed, other version"
        />
        <Figure
          label="Files"
          value={files === null ? 'unknown' : counts(files.added, files.removed, files.changed)}
          about="added, removed, changed"
        />
        <Figure
          label="Configuration"
          value={configuration.length === 0 ? 'the same' : `${configuration.length} changed`}
          about="class and image files"
        />
      </SimpleGrid>
      <ArtifactSizes artifacts={artifacts} />
      {packages === null ? null : <Packages packages={packages} />}
      {components === null ? null : <Components components={components} />}
      {configuration.length === 0 ? null : (
        <Panel title="Configuration">
          <Stack gap="md">
            {configuration.map(({ name, from, to }) => (
              <Stack key={name} gap={4}>
                <Text size="sm" fw={600}>
                  {name} {from === null ? '(new)' : to === null ? '(no longer part of it)' : ''}
                </Text>
                <Suspense fallback={<Skeleton height={160} />}>
                  <TextDiff path={name} before={from ?? ''} after={to ?? ''} />
                </Suspense>
              </Stack>
            ))}
          </Stack>
        </Panel>
      )}
      {files === null ? null : <Files files={files} />}
    </Stack>
  );
};

const counts = (added: number, removed: number, changed: number): string =>
  added + removed + changed === 0 ? 'the same' : `+${count(added)} −${count(removed)} ~${count(changed)}`;

const Figure = ({
  label,
  value,
  about,
}: {
  readonly label: string;
  readonly value: string;
  readonly about?: string | undefined;
}) => (
  <Card>
    <Text size="sm" c="dimmed">
      {label}
    </Text>
    <Text size="xl" fw={650} lh={1.3}>
      {value}
    </Text>
    <Text size="xs" c="dimmed">
      {about ?? ' '}
    </Text>
  </Card>
);

type ArtifactSize = BuildDifference['artifacts'][number];
const ARTIFACT_COLUMNS: readonly Column<ArtifactSize>[] = [
  { id: 'name', header: 'Artifact', cell: ({ name }) => name },
  {
    id: 'from',
    header: 'Before',
    align: 'right',
    from: 'sm',
    cell: ({ from }) => (from === null ? '–' : bytes(from)),
  },
  { id: 'to', header: 'Now', align: 'right', cell: ({ to }) => (to === null ? '–' : bytes(to)) },
  {
    id: 'change',
    header: 'Change',
    align: 'right',
    cell: ({ from, to, same }) =>
      same ? (
        <Text span size="sm" c="dimmed">
          same bytes
        </Text>
      ) : from === null || to === null ? (
        <StateBadge state={from === null ? 'new' : 'gone'} tone={from === null ? 'good' : 'gone'} />
      ) : from === to ? (
        'same size'
      ) : (
        bytesChange(to - from)
      ),
  },
];
const ArtifactSizes = ({ artifacts }: { readonly artifacts: readonly ArtifactSize[] }) => (
  <Panel title="Artifacts" isFlush>
    <DataTable
      label="Sizes of artifacts"
      columns={ARTIFACT_COLUMNS}
      rows={artifacts}
      rowKey={({ name }) => name}
    />
  </Panel>
);

type Row = {
  readonly key: string;
  readonly name: string;
  readonly change: 'added' | 'removed' | 'changed';
  readonly told: string;
  readonly where: string;
};
const TONE = { added: 'good', removed: 'gone', changed: 'busy' } as const;
const ROW_COLUMNS: readonly Column<Row>[] = [
  {
    id: 'change',
    header: 'Change',
    width: 120,
    cell: ({ change }) => <StateBadge state={change} tone={TONE[change]} />,
  },
  { id: 'name', header: 'Name', cell: ({ name }) => <strong>{name}</strong> },
  { id: 'version', header: 'Version', cell: ({ told }) => told },
  { id: 'where', header: 'In', from: 'sm', cell: ({ where }) => where },
];

const Packages = ({ packages }: { readonly packages: NonNullable<BuildDifference['packages']> }) => {
  const one = (change: Row['change']) => (item: (typeof packages.added)[number]) => ({
    key: `${change} ${item.type} ${item.name} ${item.version}`,
    name: item.name,
    change,
    told: item.version,
    where: item.components.join(', '),
  });
  const rows: Row[] = [
    ...packages.changed.map(({ type, name, from, to }) => ({
      key: `${type} ${name} ${from} ${to}`,
      name,
      change: 'changed' as const,
      told: `${from} → ${to}`,
      where: '',
    })),
    ...packages.added.map(one('added')),
    ...packages.removed.map(one('removed')),
  ];
  return (
    <Panel title="Packages" isFlush>
      <DataTable
        label="Packages that differ"
        columns={ROW_COLUMNS}
        rows={rows}
        rowKey={({ key }) => key}
        empty={<Same>Both hold the same packages.</Same>}
      />
    </Panel>
  );
};

const Components = ({ components }: { readonly components: NonNullable<BuildDifference['components']> }) => {
  const rows: Row[] = [
    ...components.changed.map(({ name, from, to }) => ({
      key: `changed ${name}`,
      name,
      change: 'changed' as const,
      told: `${short(from)} → ${short(to)}`,
      where: '',
    })),
    ...(['added', 'removed'] as const).flatMap((change) =>
      components[change].map((name) => ({ key: `${change} ${name}`, name, change, told: '', where: '' })),
    ),
  ];
  return rows.length === 0 ? null : (
    <Panel title="Components" isFlush>
      <DataTable
        label="Components that differ"
        columns={ROW_COLUMNS.filter(({ id }) => id !== 'where')}
        rows={rows}
        rowKey={({ key }) => key}
      />
    </Panel>
  );
};

/** A reference with its digest cut to what is compared by eye. */
const short = (reference: string): string => reference.replace(/(sha256:[0-9a-f]{12})[0-9a-f]+/, '$1…');

type ChangedFile = NonNullable<BuildDifference['files']>['entries'][number];
const FILE_COLUMNS: readonly Column<ChangedFile>[] = [
  {
    id: 'change',
    header: 'Change',
    width: 120,
    cell: ({ change }) => <StateBadge state={change} tone={TONE[change]} />,
  },
  { id: 'path', header: 'Path', cell: ({ path }) => `/${path}` },
  {
    id: 'size',
    header: 'Size',
    align: 'right',
    cell: ({ from, to }) =>
      from !== null && to !== null ? `${bytes(from)} → ${bytes(to)}` : bytesChange((to ?? 0) - (from ?? 0)),
  },
  { id: 'from', header: 'From', from: 'sm', cell: ({ component }) => component ?? 'made by the build' },
];
const FEW = 25;
const Files = ({ files }: { readonly files: NonNullable<BuildDifference['files']> }) => {
  const [isAll, setAll] = useSearch('all');
  const { entries, added, removed, changed } = files;
  const rows = isAll === '1' ? entries : entries.slice(0, FEW);
  const total = added + removed + changed;
  return (
    <Panel title="Files" isFlush>
      <DataTable
        label="Files that differ"
        columns={FILE_COLUMNS}
        rows={rows}
        rowKey={({ path }) => path}
        empty={<Same>Both hold the same files.</Same>}
      />
      {rows.length === total ? null : (
        <Text p="md" size="sm" c="dimmed">
          The {count(rows.length)} of {count(total)} that change most.{' '}
          {isAll === '1' ? null : (
            <Anchor component="button" type="button" size="sm" onClick={() => setAll('1')}>
              Show more
            </Anchor>
          )}
        </Text>
      )}
    </Panel>
  );
};

const Same = ({ children }: { readonly children: string }) => (
  <Text p="md" c="dimmed" size="sm">
    {children}
  </Text>
);
