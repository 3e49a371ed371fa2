import { Anchor, Badge, Button, Group, Select, Text, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { ComponentKind, type BuiltComponent } from '@slipway/protocol';
import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { IconPuzzle, IconSearch } from '@tabler/icons-react';
import { Link } from 'react-router';
import { api } from '../../api.ts';
import { DataTable, type Column } from '../../parts/data-table.tsx';
import { Empty } from '../../parts/empty.tsx';
import { Failure } from '../../parts/failure.tsx';
import { count } from '../../parts/numbers.ts';
import { Page } from '../../parts/page.tsx';
import { Panel } from '../../parts/panel.tsx';
import { Time } from '../../parts/time.tsx';
import { useSearch } from '../../parts/use-search.ts';
import { KIND_NAMES } from './kind-names.ts';

const COLUMNS: readonly Column<BuiltComponent>[] = [
  {
    id: 'name',
    header: 'Component',
    cell: ({ id, name }) => (
      <Link className="slipway-row-link" to={`/components/${id}`}>
        {name}
      </Link>
    ),
  },
  {
    id: 'kind',
    header: 'Origin',
    from: 'sm',
    cell: ({ kind }) => (
      <Badge variant="default" radius="sm" tt="none">
        {KIND_NAMES[kind]}
      </Badge>
    ),
  },
  {
    id: 'version',
    header: 'Version',
    cell: ({ version, digest }) => (
      <Text span size="sm">
        {version ?? (
          <Text span c="dimmed" size="sm" className="slipway-mono">
            {digest.slice(7, 19)}
          </Text>
        )}
      </Text>
    ),
  },
  { id: 'classes', header: 'Classes', from: 'md', cell: ({ deviceClasses }) => deviceClasses.join(', ') },
  { id: 'builds', header: 'Builds', align: 'right', from: 'sm', cell: ({ builds }) => count(builds) },
  { id: 'devices', header: 'Devices', align: 'right', cell: ({ devices }) => count(devices) },
  {
    id: 'last',
    header: 'Last built',
    align: 'right',
    from: 'sm',
    cell: ({ lastBuiltAt }) => <Time value={lastBuiltAt} />,
  },
];

/** A part of a name becomes a pattern; who writes one has it as it is. */
const patternOf = (text: string): string => (/[*?\\]/.test(text) ? text : `*${text}*`);

export default function Screen() {
  const [name, setName] = useSearch('name');
  const [kind, setKind] = useSearch('kind');
  const [deviceClass, setClass] = useSearch('class');
  const [asked] = useDebouncedValue(name.trim(), 250);
  const chosen = ComponentKind.safeParse(kind);
  const classes = useQuery({
    queryKey: ['device-classes', null],
    queryFn: ({ signal }) => api.deviceClasses.list({ signal }),
  });
  const components = useInfiniteQuery({
    queryKey: ['builds', 'components', asked, kind, deviceClass],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ signal, pageParam }) =>
      api.components
        .list(
          {
            limit: 100,
            ...(asked === '' ? {} : { name: patternOf(asked) }),
            ...(chosen.success ? { kind: chosen.data } : {}),
            ...(deviceClass === '' ? {} : { deviceClass }),
          },
          { signal },
        )
        .page(pageParam),
    getNextPageParam: ({ next }) => next,
    placeholderData: keepPreviousData,
  });
  const rows = components.data?.pages.flatMap(({ items }) => items);
  const isFiltered = name !== '' || kind !== '' || deviceClass !== '';
  return (
    <Page
      title="Components"
      about="What images are made of: OCI images, and sets of Debian packages; one line for each content"
    >
      <Panel
        title="Components"
        isFlush
        actions={
          <Group gap="xs">
            <TextInput
              aria-label="Name"
              placeholder="Part of a name"
              size="xs"
              w={180}
              leftSection={<IconSearch size={14} />}
              value={name}
              onChange={({ currentTarget }) => setName(currentTarget.value)}
            />
            <Select
              aria-label="Origin"
              placeholder="Any origin"
              size="xs"
              w={160}
              clearable
              data={ComponentKind.options.map((value) => ({ value, label: KIND_NAMES[value] }))}
              value={kind === '' ? null : kind}
              onChange={(value) => setKind(value ?? '')}
            />
            <Select
              aria-label="Class"
              placeholder="All classes"
              size="xs"
              w={150}
              clearable
              data={(classes.data ?? []).map(({ name: one }) => one)}
              value={deviceClass === '' ? null : deviceClass}
              onChange={(value) => setClass(value ?? '')}
            />
          </Group>
        }
      >
        {components.error !== null && rows === undefined ? (
          <Failure
            error={components.error}
            title="The components could not be read"
            retry={() => void components.refetch()}
          />
        ) : (
          <DataTable
            label="List of components"
            columns={COLUMNS}
            rows={rows}
            rowKey={({ id }) => id}
            skeletonRows={8}
            empty={
              isFiltered ? (
                <Empty icon={IconPuzzle} title="No such component">
                  No build was made with one of that name, origin and class.
                </Empty>
              ) : (
                <Empty icon={IconPuzzle} title="No component yet">
                  Once an image is built, what it was made of is listed here, with who runs it.{' '}
                  <Anchor component={Link} to="/builds?new=1">
                    Ask for a build
                  </Anchor>
                  .
                </Empty>
              )
            }
          />
        )}
        {components.hasNextPage ? (
          <Group justify="center" p="sm">
            <Button
              variant="default"
              size="xs"
              loading={components.isFetchingNextPage}
              onClick={() => void components.fetchNextPage()}
            >
              More
            </Button>
          </Group>
        ) : null}
      </Panel>
    </Page>
  );
}
