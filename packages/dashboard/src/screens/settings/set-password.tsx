import { PasswordInput, Text } from '@mantine/core';
import { useForm } from '@mantine/form';
import { Password, type User } from '@slipway/protocol';
import { api } from '../../api.ts';
import { problemOf } from '../../parts/check.ts';
import { FormDialog } from '../../parts/form-dialog.tsx';
import { useAction } from '../../parts/use-action.ts';

/** An admin gives somebody another password. */
export const SetPassword = ({
  user,
  close,
}: {
  readonly user: User | undefined;
  readonly close: () => void;
}) => {
  const form = useForm({
    initialValues: { password: '' },
    validate: { password: (text) => problemOf(Password, text) },
  });
  const done = (): void => {
    form.reset();
    close();
  };
  const set = useAction({
    run: (password: string) => api.users.setPassword(user?.id ?? '', { password }),
    done: `${user?.name ?? ''} has another password`,
    stale: ['users', 'sessions'],
    onDone: done,
  });
  return (
    <FormDialog
      title={`Another password for ${user?.name ?? ''}`}
      isOpen={user !== undefined}
      close={done}
      onSubmit={form.onSubmit(({ password }) => set.mutate(password))}
      action="Set the password"
      isBusy={set.isPending}
    >
      <Text size="sm">All their sessions end. Their tokens stay good.</Text>
      <PasswordInput
        label="New password"
        description="At least 12 characters"
        required
        autoComplete="new-password"
        data-autofocus
        {...form.getInputProps('password')}
      />
    </FormDialog>
  );
};
