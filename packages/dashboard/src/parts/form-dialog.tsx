import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import type { FormEvent, ReactNode } from 'react';
import { Failure } from './failure.tsx';

type FormDialogProps = {
  readonly title: string;
  readonly isOpen: boolean;
  readonly close: () => void;
  readonly onSubmit: (event?: FormEvent<HTMLFormElement>) => void;
  /** the word on the button: what is done, never "OK" */
  readonly action: string;
  readonly isBusy: boolean;
  /** why it failed the last time */
  readonly error?: unknown;
  readonly size?: 'md' | 'lg' | 'xl';
  readonly children: ReactNode;
};

/** A form over the screen. What was typed stays where it fails. */
export const FormDialog = ({
  title,
  isOpen,
  close,
  onSubmit,
  action,
  isBusy,
  error = null,
  size = 'md',
  children,
}: FormDialogProps) => (
  <Modal opened={isOpen} onClose={close} title={<Text fw={600}>{title}</Text>} size={size}>
    <form onSubmit={onSubmit} noValidate>
      <Stack gap="sm">
        {children}
        {error === null || error === undefined ? null : <Failure error={error} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={close}>
            Cancel
          </Button>
          <Button type="submit" loading={isBusy}>
            {action}
          </Button>
        </Group>
      </Stack>
    </form>
  </Modal>
);
