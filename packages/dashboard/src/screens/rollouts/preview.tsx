import { Alert, Anchor, Box, Card, Group, Loader, SimpleGrid, Stack, Text } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { SlipwayError, type RolloutCreate, type RolloutPreview } from '@slipway/protocol';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { IconAlertTriangle } from '@tabler/icons-react';
import { Link } from 'react-router';
import { api } from '../../api.ts';
import { Failure } from '../../parts/failure.tsx';
import { Lines } from '../../parts/loaded.tsx';
import { bytes, count, counted, span } from '../../parts/numbers.ts';
import { Time } from '../../parts/time.tsx';
import type { Checked, Step } from './draft.ts';
import { nameOfWave } from './stages.ts';
import { barsOf } from './timeline-bars.ts';

/** After the last key of somebody who types. */
const SETTLE_MS = 400;

/** What the draft would do, asked of the server while it is written; an older question is given up for a newer one. */
export const usePreview = (checked: Checked, isAsked: boolean) => {
  const [body] = useDebouncedValue<RolloutCreate | undefined>(checked.body, SETTLE_MS);
  return useQuery({
    queryKey: ['preview', JSON.stringify(body)],
    queryFn: ({ signal }) => {
      if (body === undefined) throw new TypeError('nothing to ask');
      return api.rollouts.preview(body, { signal });
    },
    enabled: isAsked && body !== undefined,
    placeholderData: keepPreviousData,
    staleTime: 10_000,
  });
};

type PreviewProps = {
  readonly checked: Checked;
  readonly query: ReturnType<typeof usePreview>;
  readonly go: (step: Step) => void;
};

export const Preview = ({ checked, query, go }: PreviewProps) => (
  <Card component="section" aria-label="Preview" aria-live="polite" aria-busy={query.isFetching}>
    <Group justify="space-between" mb="sm" mih={24}>
      <Text fw={600}>What it would do</Text>
      {query.isFetching ? <Loader size="xs" aria-label="Asking the server" /> : null}
    </Group>
    <Inner checked={checked} query={query} go={go} />
  </Card>
);

const Inner = ({ checked, query, go }: PreviewProps) => {
  if (checked.problems !== undefined)
    return (
      <Stack gap={4}>
        <Text size="sm" c="dimmed">
          Shown once this is right:
        </Text>
        {checked.problems.slice(0, 5).map(({ step, text }) => (
          <Anchor component="button" type="button" ta="left" size="sm" key={text} onClick={() => go(step)}>
            {text}
          </Anchor>
        ))}
      </Stack>
    );
  if (query.error !== null && !query.isFetching)
    return (
      <Stack gap="xs">
        <Failure error={query.error} title="It would be refused" retry={() => void query.refetch()} />
        <InTheWay error={query.error} go={go} />
      </Stack>
    );
  if (query.data === undefined) return <Lines count={6} height={26} />;
  return (
    <Box opacity={query.isPlaceholderData ? 0.6 : 1}>
      <Told preview={query.data} />
    </Box>
  );
};

/** A rollout that has these devices: it can be looked at, or this one be given a priority. */
const InTheWay = ({ error, go }: { readonly error: unknown; readonly go: (step: Step) => void }) => {
  const other =
    error instanceof SlipwayError && error.code === 'CONFLICT' ? error.details?.['rollout'] : undefined;
  if (typeof other !== 'string') return null;
  return (
    <Group gap="sm">
      <Anchor component={Link} to={`/rollouts/${other}`} size="sm">
        See that rollout
      </Anchor>
      <Anchor component="button" type="button" size="sm" onClick={() => go('pace')}>
        Give this one a priority
      </Anchor>
    </Group>
  );
};

const durationText = ({ least, likely, slow }: RolloutPreview['duration']): string => {
  if (likely === null) return `at least ${span(least * 1000)}`;
  // What differs by less is told more exactly than anybody knows it.
  if (slow === null || slow < likely * 1.2) return `about ${span(likely * 1000)}`;
  return `${span(likely * 1000)} to ${span(slow * 1000)}`;
};

const Told = ({ preview }: { readonly preview: RolloutPreview }) => {
  const {
    devices,
    current,
    online,
    bytes: loads,
    duration,
    basis,
    waves,
    routes,
    zones,
    overlaps,
    warnings,
  } = preview;
  const facts: readonly (readonly [string, string, string])[] = [
    [
      'Devices',
      count(devices - current),
      current === 0
        ? `${count(online)} online now`
        : `${count(online)} online; ${count(current)} run it already`,
    ],
    [
      'Load',
      bytes(loads.expected ?? loads.most),
      loads.expected === null ? 'at most, every bundle whole' : `expected; at most ${bytes(loads.most)}`,
    ],
    [
      'Time',
      durationText(duration),
      basis.updates === 0
        ? 'soak, rates and windows alone: there is no earlier update to learn from'
        : `as ${counted(basis.updates, 'earlier update')} of ${basis.of === 'release' ? 'this release' : 'the class'} went; approvals not in it`,
    ],
  ];
  return (
    <Stack gap="md">
      <SimpleGrid cols={2} spacing="sm">
        {facts.map(([name, value, about]) => (
          <div key={name} style={name === 'Time' ? { gridColumn: '1 / -1' } : undefined}>
            <Text size="xs" c="dimmed">
              {name}
            </Text>
            <Text fw={650} fz={20} lh={1.25}>
              {value}
            </Text>
            <Text size="xs" c="dimmed">
              {about}
            </Text>
          </div>
        ))}
      </SimpleGrid>
      {warnings.map(({ code, message }) => (
        <Alert key={code} color="orange" p="xs" icon={<IconAlertTriangle size={18} />}>
          <Text size="sm">{message}</Text>
        </Alert>
      ))}
      <Waves waves={waves} />
      {routes.length === 0 ? null : (
        <div>
          <Text size="xs" c="dimmed" mb={2}>
            From
          </Text>
          {routes.slice(0, 6).map(({ from, through, devices: number }) => (
            <Text size="sm" key={`${from ?? ''} ${through.map(({ version }) => version).join()}`}>
              {count(number)} on {from ?? 'an unknown version'}
              {through.length === 0 ? '' : `, by way of ${through.map(({ version }) => version).join(', ')}`}
            </Text>
          ))}
          {routes.length > 6 ? (
            <Text size="xs" c="dimmed">
              and {counted(routes.length - 6, 'more way')}
            </Text>
          ) : null}
        </div>
      )}
      {zones.length === 0 ? null : (
        <div>
          <Text size="xs" c="dimmed" mb={2}>
            Windows open
          </Text>
          {zones.slice(0, 6).map(({ timeZone, devices: number, opensAt }) => (
            <Text size="sm" key={timeZone ?? ''}>
              {count(number)} in {timeZone ?? 'a zone not known, taken for UTC'}: <Time value={opensAt} />
            </Text>
          ))}
          {zones.length > 6 ? (
            <Text size="xs" c="dimmed">
              and {counted(zones.length - 6, 'more time zone')}
            </Text>
          ) : null}
        </div>
      )}
      {overlaps.map(({ rollout, version, priority, devices: number }) => (
        <Text size="sm" key={rollout}>
          {counted(number, 'device')} also in{' '}
          <Anchor component={Link} to={`/rollouts/${rollout}`} inherit>
            the rollout of {version}
          </Anchor>{' '}
          (priority {priority})
        </Text>
      ))}
    </Stack>
  );
};

const Waves = ({ waves }: { readonly waves: RolloutPreview['waves'] }) => {
  const bars = barsOf(waves);
  const last = waves.findLast(({ endsAt }) => endsAt !== null);
  return (
    <div>
      <Text size="xs" c="dimmed" mb={4}>
        Waves
      </Text>
      <Stack gap={8} component="ol" m={0} p={0} style={{ listStyle: 'none' }}>
        {waves.map((wave) => {
          const bar = bars.find(({ index }) => index === wave.index);
          return (
            <li key={wave.index}>
              <Group justify="space-between" gap="xs" wrap="nowrap">
                <Text size="sm" truncate>
                  {nameOfWave(wave)}
                  {wave.approval ? ' · approval' : ''}
                </Text>
                <Text size="sm" fw={600} style={{ whiteSpace: 'nowrap' }}>
                  {count(wave.devices - wave.current)}
                  <Text span size="xs" c="dimmed" fw={400}>
                    {' '}
                    · {durationText(wave.duration)}
                  </Text>
                </Text>
              </Group>
              <Box
                h={6}
                mt={2}
                pos="relative"
                bg="light-dark(var(--mantine-color-gray-2), var(--mantine-color-dark-5))"
                style={{ borderRadius: 3, overflow: 'hidden' }}
                aria-hidden
              >
                {bar === undefined ? null : (
                  <Box
                    h={6}
                    pos="absolute"
                    bg="var(--mantine-primary-color-filled)"
                    style={{
                      left: `${Math.min(bar.from, 0.99) * 100}%`,
                      width: `${(bar.to - bar.from) * 100}%`,
                      borderRadius: 3,
                      transition: 'left 200ms ease, width 200ms ease',
                    }}
                  />
                )}
              </Box>
            </li>
          );
        })}
      </Stack>
      {last === undefined ? null : (
        <Text size="xs" c="dimmed" mt={6}>
          likely over <Time value={last.endsAt} as="local" />
        </Text>
      )}
    </div>
  );
};
