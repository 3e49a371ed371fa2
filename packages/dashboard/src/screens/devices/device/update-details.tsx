import { Anchor, Box, Code, Group, Stack, Table, Text, Tooltip } from '@mantine/core';
import { ERRORS, isErrorCode, isTerminal, type Execution } from '@slipway/protocol';
import { Link } from 'react-router';
import { bytes, span } from '../../../parts/numbers.ts';
import { Time } from '../../../parts/time.tsx';
import { phasesOf, sharesOf, type Phase } from './phases.ts';

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
    <Stack gap={4}>
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
  <Table withRowBorders={false} verticalSpacing={3} horizontalSpacing={5} w="auto" aria-label="Steps">
    <Table.Tbody>
      {phases.map(({ state, at, ms, code }, n) => (
        <Table.Tr key={`${state} ${at}`}>
          <Table.Td>
            <Group gap={6} wrap="nowrap">
              <Box w={9} h={9} bg={`${COLORS[state] ?? 'gray'}.6`} style={{ borderRadius: 2 }} aria-hidden />
              {wordOf(state)}
            </Group>
          </Table.Td>
          <Table.Td c="dimmed" style={{ whiteSpace: 'nowrap' }}>
            <Time value={at} as="clock" />
          </Table.Td>
          <Table.Td ta="right" style={{ whiteSpace: 'nowrap' }}>
            {n === phases.length - 1 && isTerminal(state) ? '' : span(ms)}
          </Table.Td>
          <Table.Td>{code === null ? null : <Code>{code}</Code>}</Table.Td>
        </Table.Tr>
      ))}
    </Table.Tbody>
  </Table>
);

/** How the time of an update was spent, seen without opening it. */
export const UpdateBar = ({ execution, now }: { readonly execution: Execution; readonly now: number }) => {
  const phases = phasesOf(execution, now);
  return (
    <Box>
      <Bar phases={phases} />
      <Legend phases={phases} />
    </Box>
  );
};

/** Why it ended so, step by step. */
export const UpdateDetails = ({
  execution,
  now,
}: {
  readonly execution: Execution;
  readonly now: number;
}) => {
  const { state, bytesDone, bytesTotal, bytesReceived, bytesReused, rollout, release, wave, attempt } =
    execution;
  return (
    <Stack gap="sm">
      <Why execution={execution} />
      <Text size="sm">
        {state === 'DOWNLOADING' ? `${bytes(bytesDone)} of ${bytes(bytesTotal)}, ` : ''}
        {bytes(bytesReceived)} over the network, {bytes(bytesReused)} taken from the slot that runs.{' '}
        <Anchor component={Link} to={`/releases/${release}`} size="sm">
          Release
        </Anchor>
        ,{' '}
        <Anchor component={Link} to={`/rollouts/${rollout}`} size="sm">
          rollout
        </Anchor>
        , wave {wave + 1}
        {attempt > 1 ? `, attempt ${attempt}` : ''}
      </Text>
      <Steps phases={phasesOf(execution, now)} />
    </Stack>
  );
};
