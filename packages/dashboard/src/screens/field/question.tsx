import { Autocomplete, Button, Group } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { IconSearch } from '@tabler/icons-react';
import { useState } from 'react';
import { api } from '../../api.ts';
import { completions, writingOf } from './completion.ts';

const SETTLE_MS = 150;
const MOST = 8;

type QuestionProps = { readonly asked: string; readonly ask: (text: string) => void };

/** Where the question is written; names and versions that releases hold are offered. */
export const Question = ({ asked, ask }: QuestionProps) => {
  const [text, setText] = useState(asked);
  const [before, setBefore] = useState(asked);
  // Asked from elsewhere: by a link, or by going back.
  if (before !== asked) {
    setBefore(asked);
    setText(asked);
  }
  const [settled] = useDebouncedValue(text, SETTLE_MS);
  const writing = writingOf(settled);
  const wanted = writing === undefined ? '' : writing.part === 'name' ? writing.begin : writing.name;
  const plain = wanted.replace(/^[a-z]+:/, '');
  const known = useQuery({
    queryKey: ['field', 'named', writing?.part, plain],
    queryFn: () =>
      api.packages
        .list({ name: writing?.part === 'version' ? plain : `*${plain}*`, limit: MOST })
        .page()
        .then(({ items }) => items),
    enabled: plain !== '',
    placeholderData: keepPreviousData,
    staleTime: 60_000,
  });
  const data = writing === undefined || plain === '' ? [] : completions(writing, known.data ?? []);
  const submit = (next: string): void => ask(next.trim());
  return (
    <form
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        submit(text);
      }}
    >
      <Group align="flex-end" gap="sm">
        <Autocomplete
          style={{ flex: 1, minWidth: 220 }}
          label="Which devices run …"
          description="A package or its source, with a comparison: <, <=, =, >=, > or ~ for a pattern"
          placeholder="openssl < 3.5.8"
          classNames={{ input: 'slipway-mono' }}
          leftSection={<IconSearch size={16} />}
          data={data}
          filter={({ options }) => options}
          value={text}
          onChange={setText}
          onOptionSubmit={(value) => {
            setText(value);
            if (writingOf(value)?.part === 'version') submit(value);
          }}
          maxLength={500}
        />
        <Button type="submit" disabled={text.trim() === ''}>
          Find
        </Button>
      </Group>
    </form>
  );
};
