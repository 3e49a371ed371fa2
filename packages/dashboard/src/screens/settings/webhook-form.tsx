import { MultiSelect, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { WEBHOOK_EVENTS, WebhookCreate, WebhookEvent, type Webhook } from '@slipway/protocol';
import { useEffect } from 'react';
import { api } from '../../api.ts';
import { FormDialog } from '../../parts/form-dialog.tsx';
import { useAction } from '../../parts/use-action.ts';

type Values = { url: string; description: string; events: string[] };
const EMPTY: Values = { url: '', description: '', events: [] };

type WebhookFormProps = {
  readonly isOpen: boolean;
  /** that is changed; absent: a new one is made */
  readonly webhook: Webhook | undefined;
  readonly close: () => void;
  readonly made: (told: { readonly url: string; readonly secret: string }) => void;
};

export const WebhookForm = ({ isOpen, webhook, close, made }: WebhookFormProps) => {
  const form = useForm<Values>({
    initialValues: EMPTY,
    validate: (values) => {
      const { error } = WebhookCreate.safeParse(values);
      return Object.fromEntries((error?.issues ?? []).map(({ path, message }) => [String(path[0]), message]));
    },
  });
  const { setValues, clearErrors } = form;
  useEffect(() => {
    if (!isOpen) return;
    setValues(
      webhook === undefined
        ? EMPTY
        : { url: webhook.url, description: webhook.description, events: [...webhook.events] },
    );
    clearErrors();
  }, [isOpen, webhook, setValues, clearErrors]);
  const save = useAction({
    run: async ({ url, description, events: names }: Values) => {
      const body = { url, description, events: names.map((name) => WebhookEvent.parse(name)) };
      if (webhook === undefined) return (await api.webhooks.create(body)).secret;
      await api.webhooks.update(webhook.id, body);
      return undefined;
    },
    stale: ['webhooks'],
    onDone: (secret) => {
      close();
      if (secret !== undefined) made({ url: form.values.url, secret });
    },
  });
  return (
    <FormDialog
      title={webhook === undefined ? 'New webhook' : 'Change the webhook'}
      isOpen={isOpen}
      close={close}
      onSubmit={form.onSubmit((values) => save.mutate(values))}
      action={webhook === undefined ? 'Make the webhook' : 'Change it'}
      isBusy={save.isPending}
      size="lg"
    >
      <TextInput
        label="Address"
        description="Where events are posted. Not to private networks, unless the server allows it"
        placeholder="https://ops.example.org/slipway"
        required
        data-autofocus
        {...form.getInputProps('url')}
      />
      <MultiSelect
        label="Events"
        description="None: all of them"
        data={[...WEBHOOK_EVENTS]}
        searchable
        clearable
        {...form.getInputProps('events')}
      />
      <TextInput
        label="What it is for"
        placeholder="chat of the operators"
        {...form.getInputProps('description')}
      />
    </FormDialog>
  );
};
