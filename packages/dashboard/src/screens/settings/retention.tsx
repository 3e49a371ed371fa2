import { Button, Stack, Text } from '@mantine/core';
import type { Retention as RetentionState, RetentionReport } from '@slipway/protocol';
import { useQuery } from '@tanstack/react-query';
import { api } from '../../api.ts';
import { useConfirm } from '../../parts/confirm.tsx';
import { DataTable, type Column } from '../../parts/data-table.tsx';
import { Lines, Loaded } from '../../parts/loaded.tsx';
import { bytes, count, counted } from '../../parts/numbers.ts';
import { Panel } from '../../parts/panel.tsx';
import { useAction } from '../../parts/use-action.ts';
import { useMay } from '../../session/session.tsx';

type Row = RetentionState['kinds'][number];

const amount = ({ count: number, bytes: size }: Row['there']): string =>
  size === 0 ? count(number) : `${count(number)}, ${bytes(size)}`;

const columns: Column<Row>[] = [
  {
    id: 'kind',
    header: 'What',
    isWhole: true,
    cell: ({ kind }) => (
      <Text span fw={500} size="sm">
        {kind.replaceAll('-', ' ')}
      </Text>
    ),
  },
  { id: 'kept', header: 'Kept for', cell: ({ kept }) => kept },
  { id: 'there', header: 'There now', align: 'right', from: 'sm', cell: ({ there }) => amount(there) },
  {
    id: 'due',
    header: 'Past its time',
    align: 'right',
    cell: ({ due }) => (due.count === 0 ? <Text c="dimmed">–</Text> : amount(due)),
  },
];

const told = ({ items, more }: RetentionReport): string => {
  const rows = items.reduce((sum, item) => sum + item.count, 0);
  const size = items.reduce((sum, item) => sum + item.bytes, 0);
  return `${counted(rows, 'thing')} removed, ${bytes(size)} of disk${more ? '; the rest goes by itself' : ''}`;
};

export default function Retention() {
  const isAdmin = useMay('admin');
  const confirm = useConfirm();
  const query = useQuery({
    queryKey: ['retention'],
    queryFn: ({ signal }) => api.retention.get({ signal }),
  });
  const run = useAction({
    run: () => api.retention.run({ dryRun: false }),
    done: told,
    stale: ['retention'],
  });
  const ask = async (): Promise<void> => {
    const due = query.data?.kinds.filter((one) => one.due.count > 0) ?? [];
    const isSure = await confirm({
      title: 'Remove what is past its time now?',
      text: 'The server does it by itself every hour.',
      consequences: due.map(
        ({ kind, due: what }) => `${kind.replaceAll('-', ' ')}: ${amount(what)}, for good`,
      ),
      action: 'Remove it',
      isDangerous: true,
    });
    if (isSure) run.mutate();
  };
  return (
    <Loaded query={query} title="Retention could not be read" skeleton={<Lines count={13} height={28} />}>
      {({ kinds }) => {
        const due = kinds.reduce((sum, one) => sum + one.due.count, 0);
        return (
          <Panel
            title="What is kept"
            isFlush
            actions={
              isAdmin ? (
                <Button
                  size="xs"
                  variant="default"
                  onClick={() => void ask()}
                  loading={run.isPending}
                  disabled={due === 0}
                >
                  {due === 0 ? 'Nothing is past its time' : 'Remove it now'}
                </Button>
              ) : undefined
            }
          >
            <DataTable label="What is kept" columns={columns} rows={kinds} rowKey={({ kind }) => kind} />
            <Stack gap={4} px="md" py="xs">
              <Text size="sm" c="dimmed">
                How long each is kept is set where the server is started (<code>SLIPWAY_KEEP_…</code>).
                Releases that are published, in a channel or on a device stay whatever their age; so does the
                audit log.
              </Text>
            </Stack>
          </Panel>
        );
      }}
    </Loaded>
  );
}
