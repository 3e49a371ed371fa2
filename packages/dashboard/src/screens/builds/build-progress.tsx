import { Group, Progress, Stack, Text } from '@mantine/core';
import { isBuildOver, type Build } from '@slipway/protocol';
import { stepText } from './step-text.ts';
import { StateBadge } from '../../parts/state-badge.tsx';

/** Its state, and while it goes on how far it is and with what. */
export const BuildProgress = ({ build }: { readonly build: Build }) => {
  const { state, percent } = build;
  const step = stepText(build);
  if (isBuildOver(build)) return <StateBadge state={state} />;
  return (
    <Stack gap={4} miw={140}>
      <Group gap="xs" wrap="nowrap">
        <StateBadge state={state} />
        <Text span size="xs" c="dimmed" truncate>
          {step}
        </Text>
      </Group>
      {state === 'queued' ? null : (
        <Progress value={percent} size="xs" aria-label={`${step}, ${percent} %`} animated />
      )}
    </Stack>
  );
};
