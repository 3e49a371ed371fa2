import { Box, Card, Group, Stack, Text, ThemeIcon, Title } from '@mantine/core';
import { IconCheck } from '@tabler/icons-react';
import type { ReactNode } from 'react';

type StepViewProps = {
  readonly number: number;
  readonly title: string;
  readonly state: 'done' | 'current' | 'later';
  /** one line, once it is done */
  readonly summary: ReactNode;
  /** what to do; shown while it is to be done */
  readonly children: ReactNode;
};

const WORD = { done: 'done', current: 'to do now', later: 'later' } as const;

/** One step of a way: done, to be done now, or later. */
export const Step = ({ number, title, state, summary, children }: StepViewProps) => (
  <Card
    component="li"
    padding={state === 'current' ? 'md' : 'xs'}
    px="md"
    aria-current={state === 'current' ? 'step' : undefined}
    style={
      state === 'current'
        ? { borderColor: 'var(--mantine-primary-color-filled)', borderWidth: 2 }
        : state === 'later'
          ? { background: 'transparent' }
          : undefined
    }
  >
    <Group align="flex-start" wrap="nowrap" gap="md">
      <ThemeIcon
        radius="xl"
        size={30}
        variant={state === 'later' ? 'default' : 'filled'}
        color={state === 'done' ? 'green.8' : undefined}
        aria-hidden
      >
        {state === 'done' ? (
          <IconCheck size={18} stroke={2.5} />
        ) : (
          <Text inherit fw={700} size="sm">
            {number}
          </Text>
        )}
      </ThemeIcon>
      <Box flex={1} miw={0}>
        <Title order={2} size="h5" mt={3}>
          {title}
          <Text span className="slipway-hidden">
            , {WORD[state]}
          </Text>
        </Title>
        {state === 'done' && summary !== null ? (
          <Text size="sm" c="dimmed" component="div" style={{ overflowWrap: 'anywhere' }}>
            {summary}
          </Text>
        ) : null}
        {state === 'current' ? (
          <Stack gap="sm" mt="xs">
            {children}
          </Stack>
        ) : null}
      </Box>
    </Group>
  </Card>
);
