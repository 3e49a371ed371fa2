import { Group, Select, Stack, TagsInput, TextInput } from '@mantine/core';
import type { BulkAction, QueryField } from '@slipway/protocol';
import { useQuery } from '@tanstack/react-query';
import { useState, type ComponentType } from 'react';
import { api } from '../../api.ts';
import { attributeOf } from './attribute-value.ts';

export type FormProps = {
  readonly fields: readonly QueryField[];
  /** undefined: it says nothing yet that could be done */
  readonly onChange: (action: BulkAction | undefined) => void;
};

const valuesOf = (fields: readonly QueryField[], name: string): string[] => [
  ...(fields.find((field) => field.name === name)?.values ?? []),
];

const Tags = ({ fields, onChange }: FormProps) => {
  const [add, setAdd] = useState<string[]>([]);
  const [remove, setRemove] = useState<string[]>([]);
  const tell = (addTags: string[], removeTags: string[]): void =>
    onChange(
      addTags.length + removeTags.length === 0
        ? undefined
        : { kind: 'change', addTags, removeTags, attributes: {} },
    );
  const known = valuesOf(fields, 'tag');
  return (
    <Stack gap="sm">
      <TagsInput
        label="Add tags"
        placeholder="Type a tag, then Enter"
        data={known}
        data-autofocus
        value={add}
        onChange={(tags) => {
          setAdd(tags);
          tell(tags, remove);
        }}
      />
      <TagsInput
        label="Remove tags"
        placeholder="Type a tag, then Enter"
        data={known}
        value={remove}
        onChange={(tags) => {
          setRemove(tags);
          tell(add, tags);
        }}
      />
    </Stack>
  );
};

const Attribute = ({ onChange }: FormProps) => {
  const [name, setName] = useState('');
  const [value, setValue] = useState('');
  const tell = (key: string, text: string): void =>
    onChange(
      key === ''
        ? undefined
        : {
            kind: 'change',
            addTags: [],
            removeTags: [],
            attributes: { [key]: text === '' ? null : attributeOf(text) },
          },
    );
  return (
    <Group grow align="flex-start">
      <TextInput
        label="Attribute"
        placeholder="site"
        data-autofocus
        value={name}
        onChange={(event) => {
          setName(event.currentTarget.value.trim());
          tell(event.currentTarget.value.trim(), value);
        }}
      />
      <TextInput
        label="Value"
        description="Nothing: it is removed"
        inputWrapperOrder={['label', 'input', 'description']}
        value={value}
        onChange={(event) => {
          setValue(event.currentTarget.value);
          tell(name, event.currentTarget.value);
        }}
      />
    </Group>
  );
};

const groupForm = (member: boolean): ComponentType<FormProps> =>
  function GroupForm({ onChange }) {
    const groups = useQuery({
      queryKey: ['groups', 'listed'],
      queryFn: ({ signal }) => api.groups.list({ limit: 1000 }, { signal }).all(),
    });
    const listed = (groups.data ?? []).filter(({ query }) => query === null).map(({ name }) => name);
    return (
      <Select
        label="Group"
        description="Groups that a query fills have no list to add to."
        data={listed}
        searchable
        data-autofocus
        nothingFoundMessage="There is no group whose members are listed"
        onChange={(group) => onChange(group === null ? undefined : { kind: 'group', group, member })}
      />
    );
  };

const NO_CHANNEL = '(none)';

const Channel = ({ onChange }: FormProps) => {
  const channels = useQuery({
    queryKey: ['channels', 'names'],
    queryFn: ({ signal }) => api.channels.list({ limit: 1000 }, { signal }).all(),
  });
  const names = [...new Set((channels.data ?? []).map(({ name }) => name))];
  return (
    <Select
      label="Channel"
      description="Devices then take what is published to it."
      data={[...names, NO_CHANNEL]}
      searchable
      data-autofocus
      onChange={(name) => {
        const channel = names.find((one) => one === name) ?? null;
        onChange(name === null ? undefined : { kind: 'channel', channel });
      }}
    />
  );
};

/** Those that have something to say first. */
export const FORMS = {
  tags: Tags,
  attribute: Attribute,
  join: groupForm(true),
  leave: groupForm(false),
  channel: Channel,
} as const;
