import { Anchor, Box, Group, Progress, SimpleGrid, Stack, Text } from '@mantine/core';
import type { Build, BuildId, BuildQueueState } from '@slipway/protocol';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { api } from '../../api.ts';
import { counted } from '../../parts/numbers.ts';
import { Panel } from '../../parts/panel.tsx';
import { Time } from '../../parts/time.tsx';
import { stepText } from './step-text.ts';

/** What is built now and what comes next, queue by queue. */
export const Queues = () => {
  const queues = useQuery({
    queryKey: ['builds', 'queues'],
    queryFn: ({ signal }) => api.buildQueues.list({ signal }),
  });
  const queued = useQuery({
    queryKey: ['builds', 'under-way'],
    queryFn: async ({ signal }) => {
      const states = ['queued', 'building', 'signing'] as const;
      const lists = await Promise.all(states.map((state) => api.builds.list({ state }, { signal }).all(200)));
      return lists.flat();
    },
  });
  if (queues.data === undefined || queued.data === undefined) return null;
  const known = new Map(queued.data.map((build) => [build.id, build]));
  return (
    <SimpleGrid cols={{ base: 1, md: Math.min(2, Math.max(1, queues.data.length)) }}>
      {queues.data.map((queue) => (
        <Queue key={queue.name} queue={queue} known={known} />
      ))}
    </SimpleGrid>
  );
};

type Known = ReadonlyMap<BuildId, Build>;

const Queue = ({ queue, known }: { readonly queue: BuildQueueState; readonly known: Known }) => {
  const { arch, needs, workers, capacity, building, waiting, delayed } = queue;
  const title = `Queue for ${[arch, ...needs].join(' + ')}`;
  return (
    <Panel
      title={title}
      actions={
        <Text size="sm" c="dimmed">
          {workers === 0
            ? 'no worker'
            : `${building.length} of ${capacity} at once · ${counted(workers, 'worker')}`}
        </Text>
      }
    >
      <Stack gap="xs">
        {workers === 0 && waiting.length > 0 ? (
          <Text size="sm" fw={500}>
            No worker takes these builds. Start one with SLIPWAY_BUILDER_ARCHES={arch}
            {needs.length === 0 ? '' : ` and SLIPWAY_BUILDER_CAPABILITIES=${needs.join(',')}`}.
          </Text>
        ) : null}
        {building.map((id) => (
          <Building key={id} build={known.get(id)} />
        ))}
        {waiting.length === 0 ? null : (
          <Box
            component="ol"
            m={0}
            pl="lg"
            fz="sm"
            aria-label="Waiting, in the order in which they are taken"
          >
            {waiting.map((id) => (
              <Waiting key={id} id={id} build={known.get(id)} />
            ))}
          </Box>
        )}
        {delayed.length === 0 ? null : (
          <Text size="sm" c="dimmed">
            {counted(delayed.length, 'build')} tried again after a while
          </Text>
        )}
        {building.length + waiting.length + delayed.length === 0 ? (
          <Text size="sm" c="dimmed">
            Nothing is built, nothing waits.
          </Text>
        ) : null}
      </Stack>
    </Panel>
  );
};

const Building = ({ build }: { readonly build: Build | undefined }) => {
  if (build === undefined) return null;
  const { id, deviceClass, version, step, percent } = build;
  return (
    <Box>
      <Group justify="space-between" gap="xs" wrap="nowrap">
        <Anchor component={Link} to={`/builds/${id}`} size="sm" fw={500}>
          {deviceClass} {version}
        </Anchor>
        <Text size="xs" c="dimmed" truncate>
          {stepText(build)} · {percent} %
        </Text>
      </Group>
      <Progress value={percent} size="sm" mt={4} animated aria-label={`${deviceClass} ${version}: ${step}`} />
    </Box>
  );
};

const Waiting = ({ id, build }: { readonly id: BuildId; readonly build: Build | undefined }) => (
  <li>
    <Group gap="xs" justify="space-between" wrap="nowrap">
      <Anchor component={Link} to={`/builds/${id}`} size="sm">
        {build === undefined ? id : `${build.deviceClass} ${build.version}`}
      </Anchor>
      {build === undefined ? null : (
        <Text size="xs" c="dimmed">
          {build.priority === 'normal' ? '' : `${build.priority} · `}
          asked for <Time value={build.createdAt} />
        </Text>
      )}
    </Group>
  </li>
);
