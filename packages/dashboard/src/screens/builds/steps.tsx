import { Box, Group, Stack, Text } from '@mantine/core';
import { isBuildOver, type Build, type BuildStep } from '@slipway/protocol';
import { useQuery } from '@tanstack/react-query';
import { api } from '../../api.ts';
import { Loaded } from '../../parts/loaded.tsx';
import { span } from '../../parts/numbers.ts';
import { Panel } from '../../parts/panel.tsx';

/** What was done, one thing after the other, and how long each took. */
export const Steps = ({ build }: { readonly build: Build }) => {
  const steps = useQuery({
    queryKey: ['builds', 'steps', build.id, build.step, build.state],
    queryFn: ({ signal }) => api.builds.listSteps(build.id, { signal }),
    placeholderData: (before) => before,
  });
  return (
    <Panel title="Steps">
      <Loaded query={steps} title="The steps could not be read">
        {(all) =>
          all.length === 0 ? (
            <Text size="sm" c="dimmed">
              {isBuildOver(build) ? 'Nothing is known of its steps.' : 'No worker has begun yet.'}
            </Text>
          ) : (
            <Bars steps={all.filter(({ name }) => name !== 'done')} now={Date.now()} />
          )
        }
      </Loaded>
    </Panel>
  );
};

const Bars = ({ steps, now }: { readonly steps: readonly BuildStep[]; readonly now: number }) => {
  const begin = Date.parse(steps[0]?.startedAt ?? '');
  const endOf = ({ endedAt }: BuildStep): number => (endedAt === null ? now : Date.parse(endedAt));
  const end = Math.max(...steps.map(endOf), begin + 1);
  const at = (ms: number): string => `${((ms - begin) / (end - begin)) * 100}%`;
  return (
    <Stack gap={6} component="ol" m={0} p={0} style={{ listStyle: 'none' }}>
      {steps.map((step) => {
        const started = Date.parse(step.startedAt);
        const took = endOf(step) - started;
        return (
          <li key={step.line}>
            <Group justify="space-between" gap="xs" wrap="nowrap">
              <Text size="sm" fw={step.endedAt === null ? 600 : 400}>
                {step.name}
              </Text>
              <Text size="sm" c="dimmed" style={{ whiteSpace: 'nowrap' }}>
                {step.endedAt === null ? 'now' : span(took)}
              </Text>
            </Group>
            <Box
              h={5}
              pos="relative"
              bg="var(--mantine-color-default-border)"
              style={{ borderRadius: 3 }}
              aria-hidden
            >
              <Box
                pos="absolute"
                h={5}
                bg={step.endedAt === null ? 'blue' : 'var(--mantine-primary-color-filled)'}
                style={{
                  left: at(started),
                  width: `max(3px, ${(took / (end - begin)) * 100}%)`,
                  borderRadius: 3,
                }}
              />
            </Box>
          </li>
        );
      })}
    </Stack>
  );
};
