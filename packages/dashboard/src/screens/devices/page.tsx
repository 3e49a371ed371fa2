import './devices.css';
import { Button, Card, Group, Skeleton, Stack, Text } from '@mantine/core';
import { DeviceSort, type View } from '@slipway/protocol';
import { IconCpu } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { Link, useSearchParams } from 'react-router';
import { Empty } from '../../parts/empty.tsx';
import { Failure } from '../../parts/failure.tsx';
import { counted } from '../../parts/numbers.ts';
import { Page } from '../../parts/page.tsx';
import { useMaySomewhere } from '../../session/session.tsx';
import { BulkBar } from './bulk-bar.tsx';
import { ColumnMenu } from './column-menu.tsx';
import { chosenColumns, USUAL_COLUMNS } from './columns.tsx';
import { DeviceGrid } from './device-grid.tsx';
import { queryFields } from './query-fields.ts';
import { faultOf, QueryBar } from './query-bar.tsx';
import { useSelection } from './selection.ts';
import { useDeviceTotal } from './use-device-rows.ts';
import { ViewMenu } from './view-menu.tsx';

const GRID_HEIGHT = 'max(320px, calc(100dvh - 290px))';

type Address = {
  readonly query: string;
  readonly sort: DeviceSort;
  readonly order: 'asc' | 'desc';
  readonly columns: readonly string[];
};

const USUAL = USUAL_COLUMNS.join(',');

/** What the address says is shown, and the way to show something else. */
const useAddress = (): [Address, (change: Partial<Address>) => void] => {
  const [search, setSearch] = useSearchParams();
  const sort = DeviceSort.safeParse(search.get('sort'));
  const columns = search.get('columns') ?? USUAL;
  const address = useMemo(
    (): Address => ({
      query: search.get('query') ?? '',
      sort: sort.data ?? 'id',
      order: search.get('order') === 'desc' ? 'desc' : 'asc',
      columns: columns.split(',').filter((id) => id !== ''),
    }),
    [search, sort.data, columns],
  );
  const change = (part: Partial<Address>): void => {
    const next = { ...address, ...part };
    const all: Record<string, string> = {
      query: next.query,
      sort: next.sort === 'id' ? '' : next.sort,
      order: next.order === 'asc' ? '' : next.order,
      columns: next.columns.join(',') === USUAL ? '' : next.columns.join(','),
    };
    setSearch(
      Object.entries(all).filter(([, value]) => value !== ''),
      { replace: true },
    );
  };
  return [address, change];
};

type Found = { readonly query: string; readonly total: number };

/** What was found before stays in sight, paler, while somebody types what is no query yet. */
const useLastGood = (
  query: string,
  total: number | undefined,
  isOld: boolean,
  isFault: boolean,
): Found | undefined => {
  const [good, setGood] = useState<Found>();
  if (total !== undefined && !isOld && (good?.query !== query || good.total !== total)) {
    setGood({ query, total });
  }
  if (isFault || total === undefined) return isFault ? good : undefined;
  return isOld && good !== undefined ? good : { query, total };
};

const NoDevices = () => (
  <Empty
    icon={IconCpu}
    title="There are no devices yet"
    action={
      <Button component={Link} to="/settings/claims">
        Make a claim
      </Button>
    }
  >
    A device enrols by itself when it starts with a claim: a token that is put into its image, or typed or
    scanned at the device. It then stands here with what it runs and how it is.
  </Empty>
);

export default function Screen() {
  const [address, change] = useAddress();
  const { query, sort, order, columns } = address;
  const mayOperate = useMaySomewhere('operate');
  const fields = useQuery(queryFields);
  const total = useDeviceTotal(query);
  const fault = useMemo(() => faultOf(query, total.error), [query, total.error]);
  const shown = useLastGood(query, total.data, total.isPlaceholderData, fault !== undefined);
  const shownColumns = useMemo(() => chosenColumns(columns), [columns]);
  const asked = useMemo(
    () => ({ query: shown?.query ?? query, sort, order }),
    [shown?.query, query, sort, order],
  );
  const { selection, toggle, selectAll, clear } = useSelection(query);
  const isSelecting = selection.kind === 'all' || selection.ids.size > 0;
  const known = fields.data ?? [];
  const attributes = known.flatMap(({ name, kind }) => (kind === 'attribute' ? [name.slice(5)] : []));
  const open = (view: View): void =>
    change({
      query: view.query,
      sort: view.sort,
      order: view.order,
      columns: view.columns.length === 0 ? USUAL_COLUMNS : view.columns,
    });
  return (
    <Page
      title="Devices"
      about="Every machine of the fleet: find some by what they are and how they are, and do something with all of them."
    >
      <Stack gap="xs">
        <QueryBar
          id="devices-query"
          value={query}
          onChange={(text) => change({ query: text })}
          fields={known}
          fault={fault}
        />
        <Group justify="space-between" mih={32} gap="xs">
          {isSelecting && total.data !== undefined ? (
            <BulkBar selection={selection} query={query} total={total.data} fields={known} clear={clear} />
          ) : (
            <Text size="sm" c="dimmed" role="status">
              {total.data === undefined ? ' ' : counted(total.data, 'device')}
            </Text>
          )}
          <Group gap="xs">
            <ViewMenu shown={{ query, sort, order, columns: [...columns] }} open={open} />
            <ColumnMenu
              chosen={columns}
              attributes={attributes}
              onChange={(chosen) => change({ columns: chosen })}
            />
          </Group>
        </Group>
        {total.error !== null && fault === undefined ? (
          <Failure
            error={total.error}
            title="The devices could not be read"
            retry={() => void total.refetch()}
          />
        ) : null}
        <Card padding={0} style={{ opacity: fault === undefined ? 1 : 0.5 }}>
          {shown === undefined && total.error !== null ? (
            <Text size="sm" c="dimmed" ta="center" py="xl">
              {fault === undefined
                ? 'No devices to show.'
                : 'As soon as the query is understood, what it finds is here.'}
            </Text>
          ) : shown === undefined ? (
            <Skeleton h={GRID_HEIGHT} />
          ) : shown.total === 0 && shown.query === '' ? (
            <NoDevices />
          ) : (
            <DeviceGrid
              key={`${asked.query} ${sort} ${order}`}
              asked={asked}
              total={shown.total}
              columns={shownColumns}
              onSort={(by) => change({ sort: by, order: by === sort && order === 'asc' ? 'desc' : 'asc' })}
              selection={selection}
              select={mayOperate ? { toggle, all: selectAll, clear } : undefined}
              height={GRID_HEIGHT}
            />
          )}
        </Card>
      </Stack>
    </Page>
  );
}
