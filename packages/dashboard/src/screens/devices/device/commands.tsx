import { Code, Group, Stack, Text } from '@mantine/core';
import type { CommandRequest, Device } from '@slipway/protocol';
import { IconTerminal2 } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { api } from '../../../api.ts';
import { DataTable } from '../../../parts/data-table.tsx';
import { Empty } from '../../../parts/empty.tsx';
import { Failure } from '../../../parts/failure.tsx';
import { Panel } from '../../../parts/panel.tsx';
import { StateBadge } from '../../../parts/state-badge.tsx';
import { Time } from '../../../parts/time.tsx';

const MOST = 32;

const told = (request: CommandRequest): string => {
  const { name, ...rest } = request;
  const more = Object.entries(rest).map(
    ([key, value]) => `${key} ${Array.isArray(value) ? value.join(', ') : String(value)}`,
  );
  return more.length === 0 ? name : `${name} (${more.join('; ')})`;
};

/** What it was asked lately, and what came of it. */
export const Commands = ({ device }: { readonly device: Device }) => {
  const query = useQuery({
    queryKey: ['commands', device.id],
    queryFn: ({ signal }) => api.devices.listCommands(device.id, { limit: MOST }, { signal }).all(MOST),
  });
  return (
    <Panel title="What it was asked" isFlush>
      {query.error === null ? (
        <DataTable
          label="Commands"
          rows={query.data}
          rowKey={({ id }) => id}
          empty={
            <Empty icon={IconTerminal2} title="It was asked nothing yet">
              Reboot, identify, diagnose and the like are at the top right. A command is for now: a device
              that is offline gets none.
            </Empty>
          }
          columns={[
            { id: 'what', header: 'Command', cell: ({ request }) => told(request) },
            { id: 'state', header: 'State', width: 130, cell: ({ state }) => <StateBadge state={state} /> },
            { id: 'asked', header: 'Asked', width: 120, cell: ({ createdAt }) => <Time value={createdAt} /> },
            {
              id: 'answer',
              header: 'Answer',
              cell: ({ code, message, output }) => (
                <Stack gap={4}>
                  {code === null ? null : (
                    <Group gap={4}>
                      <Code>{code}</Code>
                    </Group>
                  )}
                  {message === null ? null : <Text size="sm">{message}</Text>}
                  {output === null || output === '' ? null : (
                    <pre className="slipway-log" style={{ height: 'auto', maxHeight: 200 }} tabIndex={0}>
                      {output}
                    </pre>
                  )}
                </Stack>
              ),
            },
          ]}
        />
      ) : (
        <Failure
          error={query.error}
          title="The commands could not be read"
          retry={() => void query.refetch()}
        />
      )}
    </Panel>
  );
};
