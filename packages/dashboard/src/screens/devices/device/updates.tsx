import {
  Anchor,
  Box,
  Card,
  Code,
  Collapse,
  Group,
  Stack,
  Text,
  Timeline,
  Tooltip,
  UnstyledButton,
} from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { ERRORS, isErrorCode, isTerminal, type Device, type Execution } from '@slipway/protocol';
import { IconChevronRight, IconHistory } from '@tabler/icons-react';
import { useQueries, useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { api } from '../../../api.ts';
import { Empty } from '../../../parts/empty.tsx';
import { Lines, Loaded } from '../../../parts/loaded.tsx';
import { bytes, span } from '../../../parts/numbers.ts';
import { colorOfTone, StateBadge } from '../../../parts/state-badge.tsx';
import { toneOfState } from '../../../parts/states.ts';
import { Time } from '../../../parts/time.tsx';
import { durationOf, phasesOf, sharesOf, type Phase } from './phases.ts';

const MOST = 50;

const wordOf = (state: string): string => state.toLowerCase().replaceAll('_', ' ');

const COLORS: Readonly<Record<string, string>> = {
  OFFERED: 'gray',
  ACCEPTED: 'cyan',
  DEFERRED: 'yellow',
  DOWNLOADING: 'blue',
  VERIFIED: 'teal',
  INSTALLING: 'violet',
  REBOOTING: 'orange',
  TRIAL: 'lime',
};

const Bar = ({ phases }: { readonly phases: readonly Phase[] }) => (
  <div className="slipway-phases" aria-hidden>
    {sharesOf(phases).map(({ phase, percent }) => (
      <Tooltip key={`${phase.state} ${phase.at}`} label={`${wordOf(phase.state)}: ${span(phase.ms)}`}>
        <Box
          style={{
            width: `${percent}%`,
            background: `var(--mantine-color-${COLORS[phase.state] ?? 'gray'}-6)`,
          }}
        />
      </Tooltip>
    ))}
  </div>
);

/** What the parts of the bar are, in words. */
const Legend = ({ phases }: { readonly phases: readonly Phase[] }) => (
  <Group gap="sm" mt={6}>
    {phases
      .filter(({ ms }) => ms > 0)
      .map(({ state, at, ms }) => (
        <Group key={`${state} ${at}`} gap={5} wrap="nowrap">
          <Box w={9} h={9} bg={`${COLORS[state] ?? 'gray'}.6`} style={{ borderRadius: 2 }} aria-hidden />
          <Text size="xs">
            {wordOf(state)}{' '}
            <Text span c="dimmed" inherit>
              {span(ms)}
            </Text>
          </Text>
        </Group>
      ))}
  </Group>
);

const Why = ({ execution }: { readonly execution: Execution }) => {
  const { code, message, log } = execution;
  if (code === null && message === null && log === null) return null;
  return (
    <Stack gap={4} mt="xs">
      {code === null ? null : (
        <Text size="sm">
          <Code>{code}</Code> {isErrorCode(code) ? ERRORS[code].mend : ''}
        </Text>
      )}
      {message === null ? null : (
        <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
          {message}
        </Text>
      )}
      {log === null ? null : (
        <pre
          className="slipway-log"
          style={{ height: 180 }}
          tabIndex={0}
          aria-label="Log of the boot that failed"
        >
          {log}
        </pre>
      )}
    </Stack>
  );
};

const Steps = ({ phases }: { readonly phases: readonly Phase[] }) => (
  <Timeline mt="sm" bulletSize={14} lineWidth={2} active={phases.length}>
    {phases.map((phase, at) => (
      <Timeline.Item
        key={`${phase.state} ${at}`}
        color={colorOfTone(toneOfState(phase.state))}
        title={
          <Group gap="xs" component="span">
            <Text span size="sm" fw={500}>
              {wordOf(phase.state)}
            </Text>
            <Text span size="xs" c="dimmed">
              {isTerminal(phase.state) ? '' : span(phase.ms)}
              {phase.code === null ? '' : ` ${phase.code}`}
            </Text>
          </Group>
        }
      >
        <Text size="xs" c="dimmed" component="div">
          <Time value={phase.at} as="local" />
        </Text>
      </Timeline.Item>
    ))}
  </Timeline>
);

const Update = ({
  execution,
  version,
}: {
  readonly execution: Execution;
  readonly version: string | undefined;
}) => {
  const [isOpen, { toggle }] = useDisclosure(!isTerminal(execution.state));
  const phases = phasesOf(execution, Date.now());
  const { bytesDone, bytesTotal, bytesReceived, bytesReused, state } = execution;
  return (
    <Card padding="sm" component="li">
      <Group justify="space-between" gap="xs">
        <Group gap="xs">
          <Anchor component={Link} to={`/releases/${execution.release}`} fw={650} c="inherit">
            {version ?? execution.release}
          </Anchor>
          <StateBadge state={state} />
          <Text size="xs" c="dimmed" component="span">
            <Time value={execution.createdAt} />, took {span(durationOf(phases))}
          </Text>
        </Group>
        <Text size="xs" c="dimmed">
          <Anchor component={Link} to={`/rollouts/${execution.rollout}`} size="xs">
            rollout
          </Anchor>
          , wave {execution.wave + 1}
          {execution.attempt > 1 ? `, attempt ${execution.attempt}` : ''}
        </Text>
      </Group>
      <Box mt="xs">
        <Bar phases={phases} />
        <Legend phases={phases} />
      </Box>
      <Text size="xs" c="dimmed" mt={4}>
        {state === 'DOWNLOADING' ? `${bytes(bytesDone)} of ${bytes(bytesTotal)}, ` : ''}
        {bytes(bytesReceived)} over the network, {bytes(bytesReused)} taken from the slot that runs
      </Text>
      <Why execution={execution} />
      <UnstyledButton onClick={toggle} aria-expanded={isOpen} mt="xs">
        <Group gap={4}>
          <IconChevronRight
            size={14}
            style={{ transform: isOpen ? 'rotate(90deg)' : undefined }}
            aria-hidden
          />
          <Text size="sm">{isOpen ? 'Hide the steps' : 'Show the steps'}</Text>
        </Group>
      </UnstyledButton>
      <Collapse expanded={isOpen}>
        <Steps phases={phases} />
      </Collapse>
    </Card>
  );
};

const List = ({
  executions,
  device,
}: {
  readonly executions: readonly Execution[];
  readonly device: Device;
}) => {
  const ids = [...new Set(executions.map(({ release }) => release))];
  const releases = useQueries({
    queries: ids.map((id) => ({
      queryKey: ['releases', 'one', id],
      queryFn: ({ signal }: { signal: AbortSignal }) => api.releases.get(id, { signal }),
      staleTime: 600_000,
    })),
  });
  const inSlots = [device.slots?.a, device.slots?.b];
  const versions = new Map(
    ids.map((id, at) => [
      id,
      releases[at]?.data?.version ?? inSlots.find((slot) => slot?.release === id)?.version,
    ]),
  );
  return (
    <Stack gap="sm" component="ul" m={0} p={0} style={{ listStyle: 'none' }}>
      {executions.map((execution) => (
        <Update key={execution.id} execution={execution} version={versions.get(execution.release)} />
      ))}
      <Card padding="sm" component="li">
        <Text size="sm">
          Enrolled as {device.deviceClass}{' '}
          <Text span c="dimmed" size="sm">
            <Time value={device.enrolledAt} />
          </Text>
        </Text>
      </Card>
    </Stack>
  );
};

/** What it took, or tried to, with how long each step was and why it ended. */
export const Updates = ({ device }: { readonly device: Device }) => {
  const query = useQuery({
    queryKey: ['executions', 'device', device.id],
    queryFn: ({ signal }) => api.devices.listExecutions(device.id, { limit: MOST }, { signal }).all(MOST),
  });
  return (
    <Loaded query={query} title="The updates could not be read" skeleton={<Lines count={4} height={96} />}>
      {(executions) =>
        executions.length === 0 ? (
          <Empty icon={IconHistory} title="No update yet">
            The device was enrolled <Time value={device.enrolledAt} />, and was offered nothing since. A
            rollout that reaches it stands here step by step, with how long each took.
          </Empty>
        ) : (
          <List executions={executions} device={device} />
        )
      }
    </Loaded>
  );
};
