import { Alert, Stack, Text } from '@mantine/core';
import { IconKey } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { Copyable } from './copyable.tsx';

/** A secret that the server tells this once and keeps no copy of. */
export const Once = ({
  what,
  secret,
  children,
}: {
  /** such as "token" */
  readonly what: string;
  readonly secret: string;
  readonly children?: ReactNode;
}) => (
  <Alert color="yellow" icon={<IconKey />} title={`The ${what} is shown this once`}>
    <Stack gap="xs">
      <Text size="sm">Put it where it is needed now: nobody can look it up later, the server neither.</Text>
      <Copyable text={secret} what={`the ${what}`} />
      {children}
    </Stack>
  </Alert>
);
