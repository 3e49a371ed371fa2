import { Stack, Text } from '@mantine/core';
import type { QualificationRound } from '@slipway/protocol';
import { DataTable, type Column } from '../../parts/data-table.tsx';
import { span } from '../../parts/numbers.ts';
import { Panel } from '../../parts/panel.tsx';
import { StateBadge } from '../../parts/state-badge.tsx';
import { Time } from '../../parts/time.tsx';

const secondsOf = ({ steps }: QualificationRound): number =>
  steps.reduce((sum, { seconds }) => sum + seconds, 0);

const COLUMNS: readonly Column<QualificationRound>[] = [
  { id: 'round', header: 'Round', width: 70, cell: ({ round }) => round },
  { id: 'state', header: 'Outcome', cell: ({ state }) => <StateBadge state={state} /> },
  {
    id: 'why',
    header: 'What was said',
    cell: ({ code, message, reason }) => (
      <Stack gap={2}>
        {code === null ? null : (
          <Text size="sm" className="slipway-mono">
            {code}
          </Text>
        )}
        <Text size="sm" c="dimmed" lineClamp={3} title={message ?? reason ?? ''}>
          {message ?? reason ?? '–'}
        </Text>
      </Stack>
    ),
  },
  {
    id: 'steps',
    header: 'Steps',
    from: 'md',
    cell: (round) =>
      round.steps.length === 0
        ? '–'
        : `${round.steps.map(({ step }) => step).join(', ')}; ${span(secondsOf(round) * 1000)}`,
  },
  { id: 'worker', header: 'Worker', from: 'lg', cell: ({ worker }) => worker ?? '–' },
  {
    id: 'ended',
    header: 'Ended',
    align: 'right',
    cell: ({ finishedAt }) => (finishedAt === null ? '–' : <Time value={finishedAt} />),
  },
];

/** How the release did before it was tried again: one that passes only sometimes is seen here. */
export const EarlierRounds = ({ rounds }: { readonly rounds: readonly QualificationRound[] }) =>
  rounds.length === 0 ? null : (
    <Panel title="Earlier rounds" isFlush>
      <DataTable
        label="Earlier rounds"
        columns={COLUMNS}
        rows={rounds}
        rowKey={({ round }) => String(round)}
      />
    </Panel>
  );
