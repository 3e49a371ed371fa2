import { Alert, Button, Checkbox, Group, MultiSelect, NumberInput, Select, Stack, Text } from '@mantine/core';
import type { CommandRequest, Device, DeviceCommand, DeviceLogPiece } from '@slipway/protocol';
import { IconFileText, IconPlayerPlay } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { api } from '../../../api.ts';
import { useLiveEvents } from '../../../live/live.tsx';
import { Empty } from '../../../parts/empty.tsx';
import { Failure } from '../../../parts/failure.tsx';
import { counted } from '../../../parts/numbers.ts';
import { StateBadge } from '../../../parts/state-badge.tsx';
import { useAction } from '../../../parts/use-action.ts';
import { useMaySomewhere } from '../../../session/session.tsx';
import { linesOf } from './log-lines.ts';

const FOLLOW = [
  { value: '0', label: 'What is there' },
  { value: '60', label: 'Follow for 1 min' },
  { value: '300', label: 'Follow for 5 min' },
];

const isOpen = (command: DeviceCommand | undefined): boolean =>
  command?.state === 'queued' || command?.state === 'sent';

type Read = { readonly pieces: readonly DeviceLogPiece[] };

/** Pieces of the logs as they come: what is new is asked for when an event says that there is some. */
const useLog = (device: Device, command: DeviceCommand['id'] | undefined) => {
  const queries = useQueryClient();
  const key = ['device-log', device.id, command];
  const query = useQuery({
    queryKey: key,
    enabled: command !== undefined,
    queryFn: async ({ signal }): Promise<Read> => {
      if (command === undefined) return { pieces: [] };
      const before = queries.getQueryData<Read>(key)?.pieces ?? [];
      const after = before.at(-1)?.seq ?? -1;
      const more = await api.devices.listCommandLog(device.id, command, { after }, { signal });
      return { pieces: [...before, ...more] };
    },
  });
  useLiveEvents((event) => {
    if (event.kind !== 'command' || event.command.id !== command) return;
    void queries.invalidateQueries({ queryKey: key });
  });
  return query;
};

const View = ({
  pieces,
  isLive,
}: {
  readonly pieces: readonly DeviceLogPiece[];
  readonly isLive: boolean;
}) => {
  const box = useRef<HTMLPreElement>(null);
  const [isFollowing, setFollowing] = useState(true);
  const lines = linesOf(pieces);
  const several = new Set(pieces.map(({ source }) => source)).size > 1;
  useEffect(() => {
    if (isFollowing && box.current !== null) box.current.scrollTop = box.current.scrollHeight;
  }, [pieces, isFollowing]);
  return (
    <Stack gap="xs">
      <pre
        ref={box}
        className="slipway-log"
        tabIndex={0}
        aria-label="Log"
        aria-live={isLive ? 'off' : undefined}
      >
        {lines.map(({ source, text }, at) => (
          <div key={at}>
            {several ? (
              <Text span c="dimmed" inherit>
                {source}{' '}
              </Text>
            ) : null}
            {text}
          </div>
        ))}
      </pre>
      <Group justify="space-between">
        <Checkbox
          size="xs"
          label="Keep at the end"
          checked={isFollowing}
          onChange={(event) => setFollowing(event.currentTarget.checked)}
        />
        <Text size="xs" c="dimmed" role="status">
          {counted(lines.length, 'line')}
          {pieces.some(({ truncated }) => truncated) ? ', cut off: a bound of the device was reached' : ''}
        </Text>
      </Group>
    </Stack>
  );
};

/** Logs that the device sends for as long as they are wanted. */
export const Logs = ({ device }: { readonly device: Device }) => {
  const may = useMaySomewhere('operate');
  const [services, setServices] = useState<string[]>([]);
  const [lines, setLines] = useState<number>(200);
  const [seconds, setSeconds] = useState('60');
  const [id, setId] = useState<DeviceCommand['id']>();
  const command = useQuery({
    queryKey: ['commands', device.id, id],
    enabled: id !== undefined,
    queryFn: ({ signal }) =>
      id === undefined ? undefined : api.devices.getCommand(device.id, id, { signal }),
  });
  const log = useLog(device, id);
  const ask = useAction({
    run: () => {
      const named = services.filter((name) => name !== 'kernel');
      const request: CommandRequest = {
        name: 'collect',
        lines,
        ...(named.length > 0 ? { services: named } : {}),
        ...(services.includes('kernel') ? { kernel: true } : {}),
        ...(seconds === '0' ? {} : { durationSeconds: Number(seconds) }),
      };
      return api.devices.createCommand(device.id, request);
    },
    onDone: ({ id: asked }) => setId(asked),
  });
  const isBusy = isOpen(command.data);
  return (
    <Stack gap="md">
      {may ? (
        <Group align="flex-end" gap="sm">
          <MultiSelect
            label="Logs"
            placeholder={services.length === 0 ? 'All services' : ''}
            data={[...device.services.map(({ name }) => name), 'kernel']}
            value={services}
            onChange={setServices}
            w={260}
          />
          <NumberInput
            label="Newest lines"
            min={1}
            max={10_000}
            value={lines}
            onChange={(value) => setLines(Number(value) || 200)}
            w={120}
          />
          <Select
            label="How long"
            data={FOLLOW}
            value={seconds}
            allowDeselect={false}
            onChange={(value) => setSeconds(value ?? '0')}
            w={170}
          />
          <Button
            leftSection={<IconPlayerPlay size={14} />}
            loading={ask.isPending}
            disabled={!device.online || isBusy}
            onClick={() => ask.mutate()}
          >
            {isBusy ? 'Following …' : 'Read logs'}
          </Button>
        </Group>
      ) : (
        <Alert variant="light">To ask a device for its logs takes the role operator.</Alert>
      )}
      {device.online ? null : (
        <Alert color="gray">The device is offline. Logs are read from devices that are connected.</Alert>
      )}
      {log.error === null ? null : <Failure error={log.error} title="The logs could not be read" />}
      {command.data === undefined ? (
        <Empty icon={IconFileText} title="Logs are on the device">
          They are sent only when somebody asks, at most 256 KiB at a time, and go with the newest 32 commands
          of the device.
        </Empty>
      ) : (
        <>
          <Group gap="xs">
            <StateBadge state={command.data.state} />
            <Text size="sm">{command.data.message ?? (isBusy ? 'The device sends what it has.' : '')}</Text>
          </Group>
          <View pieces={log.data?.pieces ?? []} isLive={isBusy} />
        </>
      )}
    </Stack>
  );
};
