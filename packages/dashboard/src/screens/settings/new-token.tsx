import { Button, Checkbox, Modal, Select, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { Access, UserName } from '@slipway/protocol';
import { useState } from 'react';
import { api } from '../../api.ts';
import { problemOf } from '../../parts/check.ts';
import { FormDialog } from '../../parts/form-dialog.tsx';
import { Once } from '../../parts/once.tsx';
import { useAction } from '../../parts/use-action.ts';
import { useMe } from '../../session/session.tsx';
import { ACCESS_WORDS } from './access-words.ts';

const LIVES = [
  { value: '30', label: '30 days' },
  { value: '90', label: '90 days' },
  { value: '365', label: 'a year' },
  { value: '', label: 'until it is revoked' },
];

type Values = { name: string; scopes: Access[]; days: string };

export const NewToken = ({ isOpen, close }: { readonly isOpen: boolean; readonly close: () => void }) => {
  const { access, groups } = useMe();
  const [secret, setSecret] = useState<string>();
  const may = Access.options.filter(
    (one) => access.includes(one) || groups.some((group) => group.access.includes(one)),
  );
  const form = useForm<Values>({
    initialValues: { name: '', scopes: ['read'], days: '90' },
    validate: {
      name: (text) => problemOf(UserName, text),
      scopes: (list) => (list.length === 0 ? 'at least one' : null),
    },
  });
  const make = useAction({
    run: ({ name, scopes, days }: Values) =>
      api.tokens.create({ name, scopes, ...(days === '' ? {} : { days: Number(days) }) }),
    stale: ['tokens'],
    onDone: ({ token }) => {
      close();
      form.reset();
      setSecret(token);
    },
  });
  return (
    <>
      <FormDialog
        title="New API token"
        isOpen={isOpen}
        close={close}
        onSubmit={form.onSubmit((values) => make.mutate(values))}
        action="Make the token"
        isBusy={make.isPending}
      >
        <TextInput
          label="Name"
          description="What it is for, such as ci"
          required
          data-autofocus
          {...form.getInputProps('name')}
        />
        <Checkbox.Group label="It may" required {...form.getInputProps('scopes')}>
          <Stack gap={6} mt={4}>
            {may.map((one) => (
              <Checkbox key={one} value={one} label={one} description={ACCESS_WORDS[one]} />
            ))}
          </Stack>
        </Checkbox.Group>
        <Select label="It ends after" data={LIVES} allowDeselect={false} {...form.getInputProps('days')} />
      </FormDialog>
      <Modal
        opened={secret !== undefined}
        onClose={() => setSecret(undefined)}
        title={<Text fw={600}>Your new token</Text>}
        closeOnClickOutside={false}
        size="lg"
      >
        <Stack>
          <Once what="token" secret={secret ?? ''}>
            <Text size="sm">
              Programs send it as <code>authorization: Bearer …</code>; the command line takes it from{' '}
              <code>SLIPWAY_TOKEN</code>.
            </Text>
          </Once>
          <Button onClick={() => setSecret(undefined)}>I have put it away</Button>
        </Stack>
      </Modal>
    </>
  );
};
