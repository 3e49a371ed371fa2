import { Button, Code, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { Password, UserName } from '@slipway/protocol';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { api } from '../api.ts';
import { problemOf } from '../parts/check.ts';
import { Failure } from '../parts/failure.tsx';
import { ME } from '../queries.ts';
import { Welcome } from './login.tsx';

type Values = { token: string; name: string; password: string; again: string };

/** Makes the first user, who is admin, and logs them in. */
export default function Setup() {
  const queries = useQueryClient();
  const form = useForm<Values>({
    initialValues: { token: '', name: '', password: '', again: '' },
    validate: {
      name: (text) => problemOf(UserName, text),
      password: (text) => problemOf(Password, text),
      again: (text, { password }) => (text === password ? null : 'not the same as above'),
    },
  });
  const setup = useMutation({
    mutationFn: async ({ token, name, password }: Values) => {
      await api.setup.create({ token: token.trim(), name, password });
      await api.login.create({ name, password, cookie: true });
    },
    onSuccess: async () => {
      history.replaceState(null, '', '/start');
      dispatchEvent(new PopStateEvent('popstate'));
      await queries.resetQueries({ queryKey: ME });
    },
  });
  return (
    <form onSubmit={form.onSubmit((values) => setup.mutate(values))}>
      <Stack>
        <Welcome title="Welcome to Slipway" />
        <Text size="sm">
          Nobody can log in yet: you make the first user, who is admin. The setup token proves that you may.
          It is in the file <Code>setup-token</Code> in the data directory of the server;{' '}
          <Code>npm run up</Code> prints where.
        </Text>
        {setup.error === null ? null : <Failure error={setup.error} title="No user was made" />}
        <TextInput
          label="Setup token"
          placeholder="swx_…"
          required
          autoComplete="off"
          data-autofocus
          {...form.getInputProps('token')}
        />
        <TextInput
          label="Your name"
          description="Lower-case letters and digits, such as anna"
          required
          autoComplete="username"
          {...form.getInputProps('name')}
        />
        <PasswordInput
          label="Password"
          description="At least 12 characters; a sentence is fine"
          required
          autoComplete="new-password"
          {...form.getInputProps('password')}
        />
        <PasswordInput
          label="Password again"
          required
          autoComplete="new-password"
          {...form.getInputProps('again')}
        />
        <Button type="submit" loading={setup.isPending} fullWidth>
          Begin
        </Button>
      </Stack>
    </form>
  );
}
