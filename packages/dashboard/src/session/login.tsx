import { Button, Center, Paper, PasswordInput, Stack, Text, TextInput, Title } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { lazy, Suspense, useEffect, type ReactNode } from 'react';
import { api } from '../api.ts';
import { Failure } from '../parts/failure.tsx';
import { ME } from '../queries.ts';
import { Mark } from '../shell/mark.tsx';

const Setup = lazy(() => import('./setup.tsx'));

type LoginProps = {
  /** over a screen that somebody was at work on */
  readonly isAgain?: boolean;
  readonly name?: string | undefined;
};

/** The door: a form to log in, or, while there is nobody who could, to make the first user. */
export default function Login({ isAgain = false, name = '' }: LoginProps) {
  const setup = useQuery({
    queryKey: ['setup'],
    queryFn: ({ signal }) => api.setup.get({ signal }),
    enabled: !isAgain,
  });
  useEffect(() => {
    if (!isAgain) document.title = 'Log in · Slipway';
  }, [isAgain]);
  if (isAgain) return <LoginForm name={name} intro="Log in again to go on; what you typed is still there." />;
  if (setup.isPending) return <Door>{null}</Door>;
  if (setup.data?.needed === true)
    return (
      <Door>
        <Suspense>
          <Setup />
        </Suspense>
      </Door>
    );
  return (
    <Door>
      <Welcome title="Slipway" />
      <LoginForm name={name} />
    </Door>
  );
}

const Door = ({ children }: { readonly children: ReactNode }) => (
  <Center mih="100vh" p="md" component="main">
    <Paper withBorder shadow="sm" p="xl" w="100%" maw={400} mih={360}>
      <Stack>{children}</Stack>
    </Paper>
  </Center>
);

export const Welcome = ({ title }: { readonly title: string }) => (
  <Stack gap={4} align="center">
    <Mark size={44} />
    <Title order={1} size="h3" ta="center">
      {title}
    </Title>
  </Stack>
);

const LoginForm = ({ name, intro }: { readonly name: string; readonly intro?: string }) => {
  const queries = useQueryClient();
  const form = useForm({ initialValues: { name, password: '' } });
  const login = useMutation({
    mutationFn: (values: { name: string; password: string }) => api.login.create({ ...values, cookie: true }),
    onSuccess: async () => {
      await queries.resetQueries({ queryKey: ME });
      await queries.invalidateQueries();
    },
  });
  return (
    <form onSubmit={form.onSubmit((values) => login.mutate(values))}>
      <Stack>
        {intro === undefined ? null : <Text size="sm">{intro}</Text>}
        {login.error === null ? null : <Failure error={login.error} title="Not logged in" />}
        <TextInput
          label="Name"
          autoComplete="username"
          required
          data-autofocus={name === '' ? true : undefined}
          {...form.getInputProps('name')}
        />
        <PasswordInput
          label="Password"
          autoComplete="current-password"
          required
          data-autofocus={name === '' ? undefined : true}
          {...form.getInputProps('password')}
        />
        <Button type="submit" loading={login.isPending} fullWidth>
          Log in
        </Button>
      </Stack>
    </form>
  );
};
