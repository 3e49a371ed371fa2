import { Button, Group, List, Modal, Stack, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { Question } from './confirm.tsx';

type ConfirmDialogProps = {
  readonly question: Question;
  readonly isOpen: boolean;
  readonly close: (yes: boolean) => void;
};

export default function ConfirmDialog({ question, isOpen, close }: ConfirmDialogProps) {
  const { title, text, consequences, action, isDangerous = false, typed: expected } = question;
  const [typed, setTyped] = useState('');
  const mayDo = expected === undefined || typed === expected;
  return (
    <Modal
      opened={isOpen}
      onClose={() => close(false)}
      onExitTransitionEnd={() => setTyped('')}
      title={<Text fw={600}>{title}</Text>}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (mayDo) close(true);
        }}
      >
        <Stack gap="sm">
          {text === undefined ? null : (
            <Text size="sm" component="div">
              {text}
            </Text>
          )}
          {consequences === undefined ? null : (
            <List size="sm" spacing={4}>
              {consequences.map((line, at) => (
                <List.Item key={at}>{line}</List.Item>
              ))}
            </List>
          )}
          {expected === undefined ? null : (
            <TextInput
              label={`Type ${expected} to go on`}
              value={typed}
              onChange={({ currentTarget }) => setTyped(currentTarget.value)}
              autoComplete="off"
              data-autofocus
            />
          )}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={() => close(false)}>
              Cancel
            </Button>
            <Button
              type="submit"
              color={isDangerous ? 'red.8' : undefined}
              disabled={!mayDo}
              data-autofocus={expected === undefined}
            >
              {action}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
