import { Checkbox, Group, MultiSelect, NumberInput, Select, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { TriggerCreate, type TriggerKind } from '@slipway/protocol';
import { useQuery } from '@tanstack/react-query';
import { api } from '../../api.ts';
import { FormDialog } from '../../parts/form-dialog.tsx';
import { useAction } from '../../parts/use-action.ts';
import type { ToldHook } from './hook-secret.tsx';
import { useSources } from './sources.tsx';
import { toTrigger, type TriggerValues } from './trigger-values.ts';

const KINDS: readonly { readonly value: TriggerKind; readonly label: string }[] = [
  { value: 'push', label: 'a push to a git repository' },
  { value: 'registry', label: 'an image that is pushed to a registry' },
  { value: 'cron', label: 'a time' },
  { value: 'upstream', label: 'what changed upstream: moved tags, security updates' },
  { value: 'release', label: 'a release of another class' },
];

const EMPTY: TriggerValues = {
  name: '',
  kind: 'upstream',
  source: '',
  classes: [],
  forge: 'github',
  repository: '',
  sender: 'distribution',
  schedule: '30 2 * * *',
  timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  everyMinutes: 360,
  ofClass: '',
  publish: false,
  channel: '',
};

type NewTriggerProps = {
  readonly isOpen: boolean;
  readonly close: () => void;
  /** of those that take notices: what the sender is to be told */
  readonly made: (told: ToldHook) => void;
};

export const NewTrigger = ({ isOpen, close, made }: NewTriggerProps) => {
  const sources = useSources();
  const classes = useQuery({
    queryKey: ['classes', 'list'],
    queryFn: ({ signal }) => api.deviceClasses.list({ signal }),
    enabled: isOpen,
  });
  const form = useForm<TriggerValues>({
    initialValues: EMPTY,
    validate: (values) => {
      const { error } = TriggerCreate.safeParse(toTrigger(values));
      const problems = Object.fromEntries(
        (error?.issues ?? []).map(({ path, message }) => [String(path.at(-1)), message]),
      );
      return values.kind === 'push' && values.source === ''
        ? { ...problems, source: 'a push is to a source: choose one, or make it below first' }
        : problems;
    },
  });
  const make = useAction({
    run: (values: TriggerValues) => api.triggers.create(toTrigger(values)),
    done: ({ name }) => `${name} is on`,
    stale: ['triggers'],
    onDone: ({ name, hook, secret }) => {
      close();
      form.reset();
      if (hook !== null) made({ name, hook, secret });
    },
  });
  const { kind } = form.values;
  const classNames = classes.data?.map(({ name }) => name) ?? [];
  return (
    <FormDialog
      title="New trigger"
      isOpen={isOpen}
      close={close}
      onSubmit={form.onSubmit((values) => make.mutate(values))}
      action="Make the trigger"
      isBusy={make.isPending}
      size="lg"
    >
      <TextInput label="Name" placeholder="nightly" required data-autofocus {...form.getInputProps('name')} />
      <Select label="Set off by" data={[...KINDS]} allowDeselect={false} {...form.getInputProps('kind')} />
      {kind === 'push' ? (
        <Group grow align="flex-start">
          <Select
            label="Forge"
            data={[
              { value: 'github', label: 'GitHub' },
              { value: 'gitlab', label: 'GitLab' },
              { value: 'gitea', label: 'Gitea, Forgejo' },
            ]}
            allowDeselect={false}
            {...form.getInputProps('forge')}
          />
          <TextInput
            label="Repository"
            description="As the forge calls it; empty: any that knows the secret"
            placeholder="acme/images"
            {...form.getInputProps('repository')}
          />
        </Group>
      ) : null}
      {kind === 'registry' ? (
        <Select
          label="Sender"
          data={[
            { value: 'distribution', label: 'CNCF distribution, and alike' },
            { value: 'harbor', label: 'Harbor' },
            { value: 'dockerhub', label: 'Docker Hub' },
            { value: 'ghcr', label: 'GitHub packages' },
          ]}
          allowDeselect={false}
          {...form.getInputProps('sender')}
        />
      ) : null}
      {kind === 'cron' ? (
        <Group grow align="flex-start">
          <TextInput
            label="Schedule"
            description="Minute, hour, day of month, month, day of week"
            required
            {...form.getInputProps('schedule')}
          />
          <TextInput
            label="Time zone"
            description="Such as Europe/Berlin"
            {...form.getInputProps('timeZone')}
          />
        </Group>
      ) : null}
      {kind === 'upstream' ? (
        <NumberInput
          label="Looked for every so many minutes"
          min={1}
          max={10_080}
          allowDecimal={false}
          {...form.getInputProps('everyMinutes')}
        />
      ) : null}
      {kind === 'release' ? (
        <Select
          label="A release of"
          required
          data={classNames}
          searchable
          {...form.getInputProps('ofClass')}
        />
      ) : null}
      <Group grow align="flex-start">
        <Select
          label="Source"
          description="Where image files come from"
          data={[
            ...(kind === 'push' ? [] : [{ value: '', label: 'the image repository of the server' }]),
            ...(sources.data ?? []).map(({ id, name }) => ({ value: id, label: name })),
          ]}
          allowDeselect={false}
          {...form.getInputProps('source')}
        />
        <MultiSelect
          label="Classes"
          description="Empty: every class of the source"
          data={classNames}
          searchable
          {...form.getInputProps('classes')}
        />
      </Group>
      <Checkbox
        label="Publish what was built"
        description="Once it has proven itself in a virtual device"
        {...form.getInputProps('publish', { type: 'checkbox' })}
      />
      {form.values.publish ? (
        <TextInput
          label="To the channel"
          description="Empty: published, in no channel"
          placeholder="stable"
          {...form.getInputProps('channel')}
        />
      ) : null}
      <Text size="sm" c="dimmed">
        Branches, files that count, rollouts in waves and rules for single classes:{' '}
        <code>slipway trigger edit --help</code>.
      </Text>
    </FormDialog>
  );
};
