import { Alert, Button, Code, Group, Text } from '@mantine/core';
import { ERRORS, isErrorCode, messageOf, SlipwayError } from '@slipway/protocol';
import { IconAlertTriangle } from '@tabler/icons-react';

export type Explained = { readonly code: string; readonly message: string; readonly mend: string };

/** What went wrong in words, by which code it is found in the docs, and what to do about it. */
export const explain = (error: unknown): Explained => {
  const code = error instanceof SlipwayError && isErrorCode(error.code) ? error.code : 'INTERNAL';
  return { code, message: messageOf(error), mend: ERRORS[code].mend };
};

type FailureProps = {
  readonly error: unknown;
  /** what could not be done, such as "The devices could not be read" */
  readonly title?: string;
  readonly retry?: (() => void) | undefined;
};

export const Failure = ({ error, title = 'That did not work', retry }: FailureProps) => {
  const { code, message, mend } = explain(error);
  return (
    <Alert
      role="alert"
      color="red"
      icon={<IconAlertTriangle />}
      title={
        <Group gap="xs">
          {title} <Code>{code}</Code>
        </Group>
      }
    >
      <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
        {message}
      </Text>
      <Group gap="sm" mt="xs">
        <Text size="sm" fw={500}>
          {mend}
        </Text>
        {retry === undefined ? null : (
          <Button size="xs" variant="default" onClick={retry}>
            Try again
          </Button>
        )}
      </Group>
    </Alert>
  );
};
