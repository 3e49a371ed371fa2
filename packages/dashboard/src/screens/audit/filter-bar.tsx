import { Autocomplete, Group, Select, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { useEffect, useState } from 'react';
import { ABOUT, fromLocalField, SPANS, toLocalField, type Filter } from './filter.ts';

type FilterBarProps = {
  readonly filter: Filter;
  readonly change: (changed: Partial<Filter>) => void;
};

const TYPING_MS = 350;

/** Text that is taken once whoever types it pauses. */
const useTyped = (value: string, take: (text: string) => void) => {
  const [typed, setTyped] = useState(value);
  useEffect(() => setTyped(value), [value]);
  const later = useDebouncedCallback(take, TYPING_MS);
  return {
    value: typed,
    set: (text: string): void => {
      setTyped(text);
      later(text);
    },
  };
};

export const FilterBar = ({ filter, change }: FilterBarProps) => {
  const actor = useTyped(filter.actor, (text) => change({ actor: text }));
  const action = useTyped(filter.action, (text) => change({ action: text }));
  const subject = useTyped(filter.subject, (text) => change({ subject: text }));
  return (
    <Group gap="sm" px="md" pb="sm" align="flex-end" role="search" aria-label="Filter the log">
      <TextInput
        label="Who"
        placeholder="anna, device:gate-1"
        value={actor.value}
        onChange={({ currentTarget }) => actor.set(currentTarget.value)}
        w={{ base: '100%', xs: 180 }}
      />
      <Autocomplete
        label="What"
        placeholder="release. or release.publish"
        data={[...ABOUT]}
        value={action.value}
        onChange={action.set}
        w={{ base: '100%', xs: 220 }}
      />
      <TextInput
        label="On what"
        placeholder="id or name"
        value={subject.value}
        onChange={({ currentTarget }) => subject.set(currentTarget.value)}
        w={{ base: '100%', xs: 220 }}
      />
      <Select
        label="When"
        data={SPANS.map(({ value, label }) => ({ value, label }))}
        value={filter.when}
        onChange={(when) => change({ when: when ?? '', since: '', until: '' })}
        allowDeselect={false}
        w={{ base: '100%', xs: 190 }}
      />
      {filter.when === 'between' ? (
        <>
          <TextInput
            type="datetime-local"
            label="From (your time zone)"
            value={toLocalField(filter.since)}
            onChange={({ currentTarget }) => change({ since: fromLocalField(currentTarget.value) })}
          />
          <TextInput
            type="datetime-local"
            label="Until (your time zone)"
            value={toLocalField(filter.until)}
            onChange={({ currentTarget }) => change({ until: fromLocalField(currentTarget.value) })}
          />
        </>
      ) : null}
    </Group>
  );
};
