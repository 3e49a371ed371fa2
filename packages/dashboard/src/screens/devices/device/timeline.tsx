import { Box, Card, Chip, Group, Stack, Text, Timeline as Line } from '@mantine/core';
import { useThrottledCallback } from '@mantine/hooks';
import {
  DeviceEventKind,
  isTerminal,
  type Device,
  type DeviceEvent,
  type LiveEvent,
} from '@slipway/protocol';
import { IconHistory } from '@tabler/icons-react';
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { api } from '../../../api.ts';
import { useLiveEvents } from '../../../live/live.tsx';
import { Empty } from '../../../parts/empty.tsx';
import { Failure } from '../../../parts/failure.tsx';
import { Lines } from '../../../parts/loaded.tsx';
import { More } from '../../../parts/more.tsx';
import { useSearch } from '../../../parts/use-search.ts';
import { eventItem } from './event-item.tsx';
import { byDay } from './event-words.ts';

const PAGE = 50;
/** Reports of an update come in quick succession. */
const GATHER_MS = 1000;

const LABELS: Readonly<Record<DeviceEventKind, string>> = {
  update: 'Updates',
  command: 'Commands',
  presence: 'Connections',
  certificate: 'Certificates',
  change: 'Changes',
};

const day = new Intl.DateTimeFormat('en-GB', {
  weekday: 'short',
  day: 'numeric',
  month: 'short',
  year: 'numeric',
});

const isOf = (event: LiveEvent, id: string): boolean =>
  (event.kind === 'device' && event.device.id === id) ||
  (event.kind === 'execution' && event.execution.device === id) ||
  (event.kind === 'command' && event.command.device === id);

/** Only what is told of this device makes its history be read anew; in a large fleet others report all the time. */
const useTimeline = (id: Device['id'], kinds: string) => {
  const queries = useQueryClient();
  const tell = useThrottledCallback(
    () => void queries.invalidateQueries({ queryKey: ['timeline', id] }),
    GATHER_MS,
  );
  useLiveEvents((event) => {
    if (isOf(event, id)) tell();
  });
  return useInfiniteQuery({
    queryKey: ['timeline', id, kinds],
    queryFn: ({ pageParam, signal }) =>
      api.devices
        .timeline(id, { limit: PAGE, ...(kinds === '' ? {} : { kind: kinds }) }, { signal })
        .page(pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }) => next,
  });
};

const Days = ({ events }: { readonly events: readonly DeviceEvent[] }) => {
  const [open, setOpen] = useSearch('event');
  const now = Date.now();
  const underWay = events.find((event) => event.kind === 'update' && !isTerminal(event.execution.state))?.id;
  return (
    <Stack gap="lg">
      {byDay(events, (at) => day.format(at)).map(({ day: title, events: ofDay }) => (
        <Box key={title} component="section" aria-label={title}>
          <Text size="xs" fw={600} c="dimmed" mb="sm">
            {title}
          </Text>
          <Line bulletSize={24} lineWidth={2} active={ofDay.length}>
            {ofDay.map((event) => {
              const isOpen = open === event.id || (open === '' && event.id === underWay);
              return eventItem({
                event,
                now,
                isOpen,
                toggle: () => setOpen(isOpen ? (event.id === underWay ? 'none' : '') : event.id),
              });
            })}
          </Line>
        </Box>
      ))}
    </Stack>
  );
};

/** All that happened to it, newest first, as it happens. */
export const Timeline = ({ device }: { readonly device: Device }) => {
  const [chosen, setChosen] = useSearch('kind');
  const kinds = chosen.split(',').filter((kind) => DeviceEventKind.safeParse(kind).success);
  const query = useTimeline(device.id, kinds.join(','));
  const events = query.data?.pages.flatMap(({ items }) => items);
  return (
    <Card component="section" aria-label="History" maw={900}>
      <Stack gap="md">
        <Chip.Group multiple value={kinds} onChange={(next) => setChosen(next.join(','))}>
          <Group gap={6} role="group" aria-label="Kinds of events; none chosen: all">
            {DeviceEventKind.options.map((kind) => (
              <Chip key={kind} value={kind} size="xs">
                {LABELS[kind]}
              </Chip>
            ))}
          </Group>
        </Chip.Group>
        {query.error !== null ? (
          <Failure
            error={query.error}
            title="The history could not be read"
            retry={() => void query.refetch()}
          />
        ) : events === undefined ? (
          <Lines count={6} height={54} />
        ) : events.length === 0 ? (
          <Empty
            icon={IconHistory}
            title={kinds.length === 0 ? 'Nothing happened yet' : 'Nothing of that kind'}
          >
            Updates with how long each step took, commands with their answers, when it came and went, its
            certificates, and what people changed stand here as they happen.
          </Empty>
        ) : (
          <Days events={events} />
        )}
        <More query={query} shown={events?.length ?? 0} what="event" />
      </Stack>
    </Card>
  );
};
