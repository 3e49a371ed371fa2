import { Button, Center, Paper, PasswordInput, Stack, Text, TextInput, Title } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { api } from '../api.ts';
import { Failure } from '../parts/failure.tsx';
import { ME } from '../queries.ts';
import { Mark } from '../shell/mark.tsx';

type LoginProps = {
  /** over a screen that somebody was at work on */
  readonly isAgain?: boolean;
  readonly name?: string | undefined;
};

export default function Login({ isAgain = false, name = '' }: LoginProps) {
  const queries = useQueryClient();
  const form = useForm({ initialValues: { name, password: '' } });
  const login = useMutation({
    mutationFn: (values: { name: string; password: string }) => api.login.create({ ...values, cookie: true }),
    onSuccess: async () => {
      await queries.resetQueries({ queryKey: ME });
      await queries.invalidateQueries();
    },
  });
  const fields = (
    <form onSubmit={form.onSubmit((values) => login.mutate(values))}>
      <Stack>
        {isAgain ? (
          <Text size="sm">Log in again to go on; what you typed is still there.</Text>
        ) : (
          <Stack gap={4} align="center">
            <Mark size={44} />
            <Title order={1} size="h3">
              Slipway
            </Title>
          </Stack>
        )}
        {login.error === null ? null : <Failure error={login.error} title="Not logged in" />}
        <TextInput
          label="Name"
          autoComplete="username"
          required
          data-autofocus={name === ''}
          {...form.getInputProps('name')}
        />
        <PasswordInput
          label="Password"
          autoComplete="current-password"
          required
          data-autofocus={name !== ''}
          {...form.getInputProps('password')}
        />
        <Button type="submit" loading={login.isPending} fullWidth>
          Log in
        </Button>
      </Stack>
    </form>
  );
  if (isAgain) return fields;
  return (
    <Center mih="100vh" p="md" component="main">
      <Paper withBorder shadow="sm" p="xl" w="100%" maw={380}>
        {fields}
      </Paper>
    </Center>
  );
}
