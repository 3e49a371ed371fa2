import { Anchor, Badge, Group, Select, Stack, Text, TextInput } from '@mantine/core';
import type { Release, ReleaseDifference } from '@slipway/protocol';
import { useQuery } from '@tanstack/react-query';
import { IconEqual } from '@tabler/icons-react';
import { Link } from 'react-router';
import { api } from '../../api.ts';
import { DataTable, type Column } from '../../parts/data-table.tsx';
import { Empty } from '../../parts/empty.tsx';
import { Lines, Loaded } from '../../parts/loaded.tsx';
import { count, counted } from '../../parts/numbers.ts';
import { Panel } from '../../parts/panel.tsx';
import { useSearch } from '../../parts/use-search.ts';
import { changesIn, type Change } from './changes-in.ts';

const MOST = 100;
const COLORS = { added: 'green', removed: 'red', upgraded: 'blue', downgraded: 'orange' } as const;

/** Which packages a device gets, loses or has changed by taking the release. */
export const ChangesTab = ({ release }: { readonly release: Release }) => {
  const [from, setFrom] = useSearch('from');
  const others = useQuery({
    queryKey: ['releases', 'of-class', release.deviceClass],
    queryFn: () => api.releases.list({ deviceClass: release.deviceClass, limit: MOST }).all(MOST),
  });
  const query = useQuery({
    queryKey: ['releases', 'difference', release.id, from],
    queryFn: ({ signal }) => api.releases.difference(release.id, from === '' ? {} : { from }, { signal }),
  });
  return (
    <Panel
      title="Packages"
      actions={
        <Select
          size="xs"
          w={230}
          aria-label="Compared with"
          placeholder="the release before it"
          clearable
          value={from === '' ? null : from}
          onChange={(value) => setFrom(value ?? '')}
          data={(others.data ?? [])
            .filter(({ id }) => id !== release.id)
            .map(({ id, version, state }) => ({ value: id, label: `${version} (${state})` }))}
        />
      }
    >
      <Loaded query={query} title="What it changes is not known" skeleton={<Lines count={8} height={28} />}>
        {(difference) => <Shown difference={difference} />}
      </Loaded>
    </Panel>
  );
};

const Shown = ({ difference }: { readonly difference: ReleaseDifference }) => {
  const [wanted, setWanted] = useSearch('package');
  const all = changesIn(difference);
  const low = wanted.toLowerCase();
  const rows = all.filter(
    ({ name, source }) => name.toLowerCase().includes(low) || source.toLowerCase().includes(low),
  );
  const { from, added, removed, upgraded, downgraded, unchanged } = difference;
  const counts = { added, removed, upgraded, downgraded };
  return (
    <Stack gap="sm">
      <Text size="sm" c="dimmed" component="div">
        From{' '}
        <Anchor component={Link} to={`/releases/${from.id}`} inherit>
          {from.version}
        </Anchor>
        ; {counted(unchanged, 'package')} {unchanged === 1 ? 'is' : 'are'} the same.
      </Text>
      <Group gap="xs" justify="space-between">
        <Group gap="xs">
          {(['upgraded', 'downgraded', 'added', 'removed'] as const)
            .filter((kind) => counts[kind].length > 0)
            .map((kind) => (
              <Badge
                key={kind}
                variant="light"
                color={COLORS[kind]}
                tt="none"
                radius="sm"
                className={`slipway-tone slipway-tone-${COLORS[kind]}`}
              >
                {count(counts[kind].length)} {kind}
              </Badge>
            ))}
        </Group>
        {all.length < 8 ? null : (
          <TextInput
            size="xs"
            aria-label="Find a package"
            placeholder="Find a package"
            value={wanted}
            onChange={({ currentTarget }) => setWanted(currentTarget.value)}
          />
        )}
      </Group>
      <DataTable
        label="Changed packages"
        columns={columns}
        rows={rows}
        rowKey={({ kind, type, name, from: before }) => `${kind} ${type} ${name} ${before ?? ''}`}
        empty={
          <Empty icon={IconEqual} title={all.length === 0 ? 'Nothing changes' : 'None is like that'}>
            {all.length === 0
              ? 'Both releases hold the same packages in the same versions; what differs is configuration or content.'
              : 'Write less of the name to see more.'}
          </Empty>
        }
      />
    </Stack>
  );
};

const columns: readonly Column<Change>[] = [
  {
    id: 'kind',
    header: 'Change',
    width: 130,
    cell: ({ kind }) => (
      <Badge
        variant="light"
        color={COLORS[kind]}
        tt="none"
        radius="sm"
        className={`slipway-tone slipway-tone-${COLORS[kind]}`}
      >
        {kind}
      </Badge>
    ),
  },
  {
    id: 'name',
    header: 'Package',
    cell: ({ type, name, source }) => (
      <>
        <Link className="slipway-row-link" to={`/field?query=${encodeURIComponent(`${type}:${name}`)}`}>
          {name}
        </Link>
        <Text size="xs" c="dimmed">
          {type}
          {source === '' || source === name ? '' : `, of ${source}`}
        </Text>
      </>
    ),
  },
  { id: 'from', header: 'From', cell: ({ from }) => <Version text={from} /> },
  { id: 'to', header: 'To', cell: ({ to }) => <Version text={to} /> },
];

const Version = ({ text }: { readonly text: string | undefined }) =>
  text === undefined ? (
    <Text span c="dimmed" inherit>
      –
    </Text>
  ) : (
    <span className="slipway-mono">{text}</span>
  );
