import { Alert, Anchor, Box, Button, Group, Stack, Text } from '@mantine/core';
import {
  ERRORS,
  isErrorCode,
  isQualificationOver,
  type Qualification,
  type Release,
} from '@slipway/protocol';
import { useQuery } from '@tanstack/react-query';
import { IconAlertTriangle, IconRefresh } from '@tabler/icons-react';
import { Link } from 'react-router';
import { api } from '../../api.ts';
import { Loaded } from '../../parts/loaded.tsx';
import { span } from '../../parts/numbers.ts';
import { Panel } from '../../parts/panel.tsx';
import { StateBadge } from '../../parts/state-badge.tsx';
import { Time } from '../../parts/time.tsx';
import { useAction } from '../../parts/use-action.ts';
import { useMay } from '../../session/session.tsx';
import { Console } from './console.tsx';
import { EarlierRounds } from './earlier-rounds.tsx';

const STEPS: readonly (readonly [string, string])[] = [
  ['boot', 'the release before starts, comes online and is healthy'],
  ['interrupted', 'it takes the new release, and starts it for trial'],
  ['rollback', 'the power is cut in every trial; it comes back to the release before'],
  ['update', 'the same release is offered once more, and started for trial'],
  ['commit', 'health gates hold, the slot is committed'],
];

/** How a release did in a virtual device. */
export const QualificationTab = ({ release }: { readonly release: Release }) => {
  const query = useQuery({
    queryKey: ['qualifications', release.id],
    queryFn: ({ signal }) => api.releases.getQualification(release.id, { signal }),
  });
  return (
    <Loaded query={query} title="The qualification could not be read">
      {(qualification) => (
        <Stack>
          <Steps release={release} qualification={qualification} />
          <EarlierRounds rounds={qualification.earlier ?? []} />
          {qualification.attempts === 0 || !isQualificationOver(qualification) ? null : (
            <Panel title="Console">
              <Console release={release.id} round={qualification.round} />
            </Panel>
          )}
        </Stack>
      )}
    </Loaded>
  );
};

const Steps = ({
  release,
  qualification,
}: {
  readonly release: Release;
  readonly qualification: Qualification;
}) => {
  const { state, reason, code, message, step, steps, from, round, worker, startedAt, finishedAt } =
    qualification;
  const mayRelease = useMay('release');
  const again = useAction({
    run: () => api.releases.qualify(release.id),
    done: 'It is tried again',
    stale: ['qualifications', 'releases'],
  });
  const longest = Math.max(1, ...steps.map(({ seconds }) => seconds));
  return (
    <Panel
      title="In a virtual device"
      actions={
        <>
          <StateBadge state={state} />
          {mayRelease && isQualificationOver(qualification) && release.state !== 'withdrawn' ? (
            <Button
              size="xs"
              variant="default"
              leftSection={<IconRefresh size={14} />}
              onClick={() => again.mutate()}
              loading={again.isPending}
            >
              {round === 0 || qualification.attempts === 0 ? 'Try it' : 'Try it again'}
            </Button>
          ) : null}
        </>
      }
    >
      <Stack gap="sm">
        {code === null ? null : (
          <Alert color="red" icon={<IconAlertTriangle />} title={code}>
            {message}
            {isErrorCode(code) ? (
              <Text size="sm" fw={500}>
                {ERRORS[code].mend}
              </Text>
            ) : null}
          </Alert>
        )}
        <Text size="sm" c="dimmed" component="div">
          {from === null ? (
            'Only started'
          ) : (
            <>
              Updated from{' '}
              <Anchor component={Link} to={`/releases/${from}`} inherit>
                the release before it
              </Anchor>
            </>
          )}
          {reason === null ? '' : `: ${reason}`}
          {startedAt === null ? null : (
            <>
              {' '}
              · round {round}, by {worker ?? 'a worker'}, <Time value={finishedAt ?? startedAt} />
            </>
          )}
        </Text>
        {STEPS.filter(([name]) => steps.some((one) => one.step === name) || step === name).map(
          ([name, about]) => {
            const timing = steps.find((one) => one.step === name);
            return (
              <div key={name}>
                <Group justify="space-between" gap="xs" wrap="nowrap">
                  <Text size="sm">
                    <b>{name}</b>{' '}
                    <Text span inherit c="dimmed">
                      {name === 'boot' && from === null ? 'it starts, comes online and is healthy' : about}
                    </Text>
                  </Text>
                  <Text size="sm" style={{ whiteSpace: 'nowrap' }}>
                    {timing === undefined
                      ? 'now …'
                      : `${span(timing.seconds * 1000)} · ${span(timing.cpuSeconds * 1000)} of processor`}
                  </Text>
                </Group>
                <Box
                  h={5}
                  mt={2}
                  bg="light-dark(var(--mantine-color-gray-2), var(--mantine-color-dark-5))"
                  style={{ borderRadius: 3 }}
                >
                  <Box
                    h={5}
                    bg="var(--mantine-primary-color-filled)"
                    style={{ borderRadius: 3, width: `${((timing?.seconds ?? 0) / longest) * 100}%` }}
                  />
                </Box>
              </div>
            );
          },
        )}
        {step !== null && !STEPS.some(([name]) => name === step) ? <Text size="sm">{step}</Text> : null}
      </Stack>
    </Panel>
  );
};
