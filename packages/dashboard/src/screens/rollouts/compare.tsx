import { Select, Stack, Table, Text } from '@mantine/core';
import type { Rollout, RolloutSummary } from '@slipway/protocol';
import { useQuery } from '@tanstack/react-query';
import { IconArrowsDiff } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { api } from '../../api.ts';
import { Empty } from '../../parts/empty.tsx';
import { Lines, Loaded } from '../../parts/loaded.tsx';
import { bytes, count, percent, span } from '../../parts/numbers.ts';
import { StateBadge } from '../../parts/state-badge.tsx';
import { useSearch } from '../../parts/use-search.ts';
import { localTime } from '../../parts/times.ts';

const MOST = 50;

/** What came of this rollout, beside another of its class. */
export const Compare = ({ rollout }: { readonly rollout: Rollout }) => {
  const [chosen, choose] = useSearch('with');
  const others = useQuery({
    queryKey: ['rollouts', 'of-class', rollout.deviceClass],
    queryFn: () => api.rollouts.list({ deviceClass: rollout.deviceClass, limit: MOST }).all(MOST),
  });
  const known = others.data?.filter(({ id }) => id !== rollout.id);
  // The one before it, unless somebody says otherwise.
  const other =
    known?.find(({ id }) => id === chosen) ??
    known?.find(({ createdAt }) => createdAt < rollout.createdAt) ??
    known?.[0];
  const summaries = useQuery({
    queryKey: ['rollouts', 'summaries', rollout.id, other?.id],
    queryFn: ({ signal }) =>
      Promise.all(
        [rollout.id, ...(other === undefined ? [] : [other.id])].map((id) =>
          api.rollouts.getSummary(id, { signal }),
        ),
      ),
    enabled: known !== undefined,
  });
  if (known?.length === 0)
    return (
      <Stack>
        <Loaded query={summaries}>{(found) => <Sides sides={found} />}</Loaded>
        <Empty icon={IconArrowsDiff} title="Nothing to compare with">
          This is the only rollout of {rollout.deviceClass}. With the next one you see here whether it was
          faster, and whether more devices failed.
        </Empty>
      </Stack>
    );
  return (
    <Stack>
      <Select
        label="Compare with"
        maw={420}
        allowDeselect={false}
        value={other?.id ?? null}
        onChange={(value) => choose(value ?? '')}
        data={(known ?? []).map(({ id, version, state, createdAt }) => ({
          value: id,
          label: `${version} · ${state.replaceAll('_', ' ')} · ${localTime(new Date(createdAt))}`,
        }))}
      />
      <Loaded query={summaries} skeleton={<Lines count={9} height={28} />}>
        {(found) => <Sides sides={found} />}
      </Loaded>
    </Stack>
  );
};

type Row = { readonly name: string; readonly of: (summary: RolloutSummary) => ReactNode };

const share = (part: number, { committed, failed }: RolloutSummary): string =>
  percent(part, committed + failed);
const pace = (of: RolloutSummary['prepare']): string =>
  of === null ? '–' : `${span(of.half * 1000)} · ${span(of.most * 1000)}`;

const ROWS: readonly Row[] = [
  { name: 'State', of: ({ state }) => <StateBadge state={state} /> },
  { name: 'Time', of: ({ seconds }) => (seconds === null ? '–' : span(seconds * 1000)) },
  { name: 'Devices', of: ({ devices }) => count(devices) },
  { name: 'Committed', of: (one) => `${count(one.committed)} (${share(one.committed, one)})` },
  { name: 'Failed', of: (one) => `${count(one.failed)} (${share(one.failed, one)})` },
  { name: 'Went back', of: ({ back }) => count(back) },
  { name: 'Loaded', of: ({ bytes: { received } }) => bytes(received) },
  {
    name: 'Reused',
    of: ({ bytes: { received, reused } }) => `${bytes(reused)} (${percent(reused, received + reused)})`,
  },
  { name: 'Download to installed, half · 9 of 10', of: ({ prepare }) => pace(prepare) },
  { name: 'Restart to committed, half · 9 of 10', of: ({ restart }) => pace(restart) },
];

const Sides = ({ sides }: { readonly sides: readonly RolloutSummary[] }) => {
  const codes = [...new Set(sides.flatMap(({ failures }) => failures.map(({ code }) => code)))];
  return (
    <Table.ScrollContainer
      minWidth={0}
      type="native"
      tabIndex={0}
      role="region"
      aria-label="Comparison of rollouts"
    >
      <Table verticalSpacing={7}>
        <Table.Thead>
          <Table.Tr>
            <Table.Td />
            {sides.map(({ rollout, version }, at) => (
              <Table.Th key={rollout} scope="col" ta="right">
                {version}
                <Text size="xs" c="dimmed" fw={400}>
                  {at === 0 ? 'this rollout' : 'the other'}
                </Text>
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {ROWS.map(({ name, of }) => (
            <Table.Tr key={name}>
              <Table.Th scope="row" fw={400}>
                {name}
              </Table.Th>
              {sides.map((side) => (
                <Table.Td key={side.rollout} ta="right">
                  {of(side)}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
          {codes.map((code) => (
            <Table.Tr key={code}>
              <Table.Th scope="row" fw={400} className="slipway-mono">
                {code}
              </Table.Th>
              {sides.map((side) => (
                <Table.Td key={side.rollout} ta="right">
                  {count(side.failures.find((one) => one.code === code)?.devices ?? 0)}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
};
