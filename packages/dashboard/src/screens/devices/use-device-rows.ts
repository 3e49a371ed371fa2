import type { Device, DeviceSort } from '@slipway/protocol';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQueries, useQuery } from '@tanstack/react-query';
import { api } from '../../api.ts';
import { WINDOW, windowsOf } from './windows.ts';

export type Asked = {
  readonly query: string;
  readonly sort: DeviceSort;
  readonly order: 'asc' | 'desc';
};

/** So long somebody who scrolls stays before what they see is asked for. */
const STAY_MS = 80;

const asked = ({ query, sort, order }: Asked) => ({ ...(query === '' ? {} : { query }), sort, order });

/** How many a query finds; fails where the query is none. */
export const useDeviceTotal = (query: string) =>
  useQuery({
    queryKey: ['devices', 'total', query],
    queryFn: async ({ signal }) => {
      const { total } = await api.devices
        .list({ ...(query === '' ? {} : { query }), limit: 1, count: true }, { signal })
        .page();
      return total ?? 0;
    },
    placeholderData: keepPreviousData,
  });

/** Devices by their place in the list, as far as those in sight have come. */
export const useDeviceRows = (
  what: Asked,
  first: number,
  last: number,
  total: number,
): ((at: number) => Device | undefined) => {
  const [range] = useDebouncedValue(`${first} ${last}`, STAY_MS);
  const [from = 0, to = 0] = range.split(' ').map(Number);
  const parts = windowsOf(from, to, total);
  const answers = useQueries({
    queries: parts.map((part) => ({
      queryKey: ['devices', 'rows', what, part],
      queryFn: async ({ signal }: { signal: AbortSignal }) => {
        const page = api.devices.list({ ...asked(what), limit: WINDOW, offset: part * WINDOW }, { signal });
        return (await page.page()).items;
      },
    })),
  });
  return (at) => {
    const part = parts.indexOf(Math.floor(at / WINDOW));
    return part === -1 ? undefined : answers[part]?.data?.[at % WINDOW];
  };
};
