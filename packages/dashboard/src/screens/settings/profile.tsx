import { Alert, Button, List, PasswordInput, Stack, Text } from '@mantine/core';
import { useForm } from '@mantine/form';
import { Password } from '@slipway/protocol';
import { useState } from 'react';
import { api } from '../../api.ts';
import { problemOf } from '../../parts/check.ts';
import { FactList } from '../../parts/fact-list.tsx';
import { Panel } from '../../parts/panel.tsx';
import { Time } from '../../parts/time.tsx';
import { useAction } from '../../parts/use-action.ts';
import { useMe } from '../../session/session.tsx';
import { ACCESS_WORDS } from './access-words.ts';
import { NewToken } from './new-token.tsx';
import { SessionList } from './session-list.tsx';
import { TokenList } from './token-list.tsx';

export default function Profile() {
  const { name, user, access, groups } = useMe();
  const [isMaking, setMaking] = useState(false);
  return (
    <Stack gap="md">
      <Panel title="You">
        <FactList
          facts={[
            ['Name', name],
            ['Role', user === null ? 'a token of the server' : (user.role ?? 'only on groups')],
            [
              'You may',
              access.length === 0 ? (
                `act on the devices of ${groups.length} groups`
              ) : (
                <List key="access" size="sm" spacing={2}>
                  {access.map((one) => (
                    <List.Item key={one}>{ACCESS_WORDS[one]}</List.Item>
                  ))}
                </List>
              ),
            ],
            ['Since', user === null ? null : <Time value={user.createdAt} />],
          ]}
        />
      </Panel>
      {user === null ? (
        <Alert color="gray">
          Tokens and a password are for users. You are here by a token of the server.
        </Alert>
      ) : (
        <>
          <Panel title="Password">
            <ChangePassword changedAt={user.passwordChangedAt} />
          </Panel>
          <Panel
            title="Your API tokens"
            isFlush
            actions={
              <Button size="xs" onClick={() => setMaking(true)}>
                New token
              </Button>
            }
          >
            <TokenList />
          </Panel>
          <Panel title="Where you are logged in" isFlush>
            <SessionList />
          </Panel>
          <NewToken isOpen={isMaking} close={() => setMaking(false)} />
        </>
      )}
    </Stack>
  );
}

const ChangePassword = ({ changedAt }: { readonly changedAt: string }) => {
  const form = useForm({
    initialValues: { current: '', password: '', again: '' },
    validate: {
      current: (text) => (text === '' ? 'the password that you have now' : null),
      password: (text) => problemOf(Password, text),
      again: (text, { password }) => (text === password ? null : 'not the same as above'),
    },
  });
  const change = useAction({
    run: ({ current, password }: { current: string; password: string }) =>
      api.me.setPassword({ current, password }),
    done: 'Your password is changed; your other sessions have ended',
    stale: ['sessions', 'me'],
    onDone: () => form.reset(),
  });
  return (
    <form onSubmit={form.onSubmit((values) => change.mutate(values))} noValidate>
      <Stack gap="sm" maw={360}>
        <Text size="sm" c="dimmed">
          Changed <Time value={changedAt} />. With another one, all your other sessions end.
        </Text>
        <PasswordInput
          label="Password now"
          autoComplete="current-password"
          required
          {...form.getInputProps('current')}
        />
        <PasswordInput
          label="New password"
          description="At least 12 characters; a sentence is fine"
          autoComplete="new-password"
          required
          {...form.getInputProps('password')}
        />
        <PasswordInput
          label="New password again"
          autoComplete="new-password"
          required
          {...form.getInputProps('again')}
        />
        <Button type="submit" loading={change.isPending} style={{ alignSelf: 'flex-start' }}>
          Change the password
        </Button>
      </Stack>
    </form>
  );
};
