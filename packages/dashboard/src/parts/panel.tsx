import { Box, Card, Group, Title } from '@mantine/core';
import { useId, type ReactNode } from 'react';

type PanelProps = {
  readonly title: string;
  readonly actions?: ReactNode;
  /** without room at the sides, for tables and pictures */
  readonly isFlush?: boolean;
  readonly children: ReactNode;
};

/** A titled part of a screen, and a landmark of it. */
export const Panel = ({ title, actions, isFlush = false, children }: PanelProps) => {
  const id = useId();
  return (
    <Card component="section" aria-labelledby={id} padding="md">
      <Group justify="space-between" mb="sm" mih={28}>
        <Title order={2} size="h5" id={id}>
          {title}
        </Title>
        {actions === undefined ? null : <Group gap="xs">{actions}</Group>}
      </Group>
      {isFlush ? <Card.Section>{children}</Card.Section> : <Box>{children}</Box>}
    </Card>
  );
};
