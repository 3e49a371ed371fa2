import { Stack, Text, ThemeIcon, Title } from '@mantine/core';
import type { ComponentType, ReactNode } from 'react';

type EmptyProps = {
  readonly icon: ComponentType<{ size?: number | string; stroke?: number | string }>;
  readonly title: string;
  /** what this is, and how it gets filled */
  readonly children: ReactNode;
  /** the one thing to do next */
  readonly action?: ReactNode;
};

/** Where there is nothing yet: teaches instead of being blank. */
export const Empty = ({ icon: Icon, title, children, action }: EmptyProps) => (
  <Stack align="center" gap="sm" py={48} px="md" ta="center">
    <ThemeIcon size={56} radius="xl" variant="light" aria-hidden>
      <Icon size={28} stroke={1.5} />
    </ThemeIcon>
    <Title order={2} size="h4">
      {title}
    </Title>
    <Text c="dimmed" maw={520} size="sm" component="div">
      {children}
    </Text>
    {action}
  </Stack>
);
