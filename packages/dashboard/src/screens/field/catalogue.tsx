import { Badge, Button, Group, Select, Switch, Text, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { PackageType, type KnownPackage } from '@slipway/protocol';
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { IconListSearch } from '@tabler/icons-react';
import { Link } from 'react-router';
import { api } from '../../api.ts';
import { DataTable, type Column } from '../../parts/data-table.tsx';
import { Empty } from '../../parts/empty.tsx';
import { Failure } from '../../parts/failure.tsx';
import { count, counted } from '../../parts/numbers.ts';
import { Panel } from '../../parts/panel.tsx';
import { useSearch } from '../../parts/use-search.ts';

const AT_ONCE = 50;
const SHOWN = 4;

/** Everything that is out there, to be looked through. */
export const Catalogue = () => {
  const [name, setName] = useSearch('name');
  const [type, setType] = useSearch('type');
  const [all, setAll] = useSearch('all');
  const later = useDebouncedCallback(setName, 300);
  const known = PackageType.safeParse(type);
  const filter = {
    ...(name === '' ? {} : { name: `*${name}*` }),
    ...(known.success ? { type: known.data } : {}),
    ...(all === '' ? { running: true } : {}),
  };
  const query = useInfiniteQuery({
    queryKey: ['field', 'packages', filter],
    queryFn: ({ pageParam }) => api.packages.list({ ...filter, limit: AT_ONCE, count: true }).page(pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }) => next,
    placeholderData: keepPreviousData,
  });
  const rows = query.data?.pages.flatMap(({ items }) => items);
  const total = query.data?.pages[0]?.total;
  return (
    <Panel
      title={total === undefined ? 'Packages' : counted(total, 'package')}
      isFlush
      actions={
        <>
          <Switch
            size="xs"
            label="also what no device runs"
            checked={all !== ''}
            onChange={({ currentTarget }) => setAll(currentTarget.checked ? 'yes' : '')}
          />
          <Select
            size="xs"
            w={120}
            aria-label="Type"
            placeholder="every type"
            clearable
            value={type === '' ? null : type}
            onChange={(value) => setType(value ?? '')}
            data={PackageType.options}
          />
          <TextInput
            size="xs"
            aria-label="Part of the name"
            placeholder="Part of the name"
            defaultValue={name}
            onChange={({ currentTarget }) => later(currentTarget.value.trim())}
          />
        </>
      }
    >
      {query.error === null ? (
        <DataTable
          label="Packages"
          columns={columns}
          rows={rows}
          rowKey={(one) => `${one.type}:${one.name}`}
          empty={
            <Empty icon={IconListSearch} title="No package is like that">
              {Object.keys(filter).length > 1
                ? 'Take a filter away to see more.'
                : 'What releases hold is known from their lists of contents, and what devices run from what they say. Both come with the first release that is rolled out.'}
            </Empty>
          }
        />
      ) : (
        <Failure error={query.error} retry={() => void query.refetch()} />
      )}
      {query.hasNextPage ? (
        <Group justify="center" p="sm">
          <Button
            size="xs"
            variant="default"
            onClick={() => void query.fetchNextPage()}
            loading={query.isFetchingNextPage}
          >
            Show more
          </Button>
        </Group>
      ) : null}
    </Panel>
  );
};

const devicesOf = ({ versions }: KnownPackage): number =>
  versions.reduce((sum, { devices }) => sum + devices, 0);

const columns: readonly Column<KnownPackage>[] = [
  {
    id: 'name',
    header: 'Package',
    cell: ({ type, name }) => (
      <Group gap={8} wrap="nowrap">
        <Badge variant="default" radius="sm" tt="none" size="sm" style={{ flexShrink: 0 }}>
          {type}
        </Badge>
        <Link
          className="slipway-row-link"
          to={`/field?${new URLSearchParams({ query: `${type}:${name}` }).toString()}`}
        >
          {name}
        </Link>
      </Group>
    ),
  },
  {
    id: 'versions',
    header: 'Versions, newest first',
    cell: ({ type, name, versions }) => (
      <Group gap={8}>
        {versions
          .toReversed()
          .slice(0, SHOWN)
          .map(({ version, devices }) => (
            <Link
              key={version}
              className="slipway-row-link slipway-mono"
              to={`/field?${new URLSearchParams({ query: `${type}:${name} = ${quoted(version)}` }).toString()}`}
              title={counted(devices, 'device')}
            >
              {version}
            </Link>
          ))}
        {versions.length > SHOWN ? (
          <Text size="xs" c="dimmed">
            and {count(versions.length - SHOWN)} more
          </Text>
        ) : null}
      </Group>
    ),
  },
  { id: 'devices', header: 'Devices', align: 'right', width: 100, cell: (one) => count(devicesOf(one)) },
];

/** A version with a sign that means something in a question stands in quotes. */
const quoted = (version: string): string =>
  /[=!<>~(),"'\s]/.test(version) ? `"${version.replaceAll('"', '')}"` : version;
