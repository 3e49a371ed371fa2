import { Button, Code, Group, Select, Text, TextInput } from '@mantine/core';
import { BranchName, type Source } from '@slipway/protocol';
import { IconGitBranch } from '@tabler/icons-react';
import { useState } from 'react';
import { Time } from '../../parts/time.tsx';

type PlaceChoiceProps = {
  readonly sources: readonly Source[];
  /** name of a source; empty: the folder of the server */
  readonly source: string;
  readonly branch: string;
  readonly commit: string | undefined;
  readonly choose: (source: string, branch: string) => void;
};

const OWN = 'This server';

/** Whose files are edited: those of the server, or those on a branch of a git source. */
export const PlaceChoice = ({ sources, source, branch, commit, choose }: PlaceChoiceProps) => {
  const [typed, setTyped] = useState(branch);
  const chosen = sources.find(({ name }) => name === source);
  return (
    <Group gap="sm" align="flex-end">
      <Select
        label="Repository"
        size="xs"
        w={220}
        allowDeselect={false}
        data={[{ value: '', label: OWN }, ...sources.map(({ name }) => ({ value: name, label: name }))]}
        value={source}
        onChange={(name) => {
          const next = sources.find((one) => one.name === name);
          setTyped(next?.branch ?? '');
          choose(next?.name ?? '', next?.branch ?? '');
        }}
      />
      {chosen === undefined ? null : (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (BranchName.safeParse(typed).success) choose(source, typed);
          }}
        >
          <Group gap={6} align="flex-end" wrap="nowrap">
            <TextInput
              label="Branch"
              size="xs"
              w={180}
              leftSection={<IconGitBranch size={14} />}
              value={typed}
              onChange={({ currentTarget }) => setTyped(currentTarget.value.trim())}
            />
            <Button
              type="submit"
              size="xs"
              variant="default"
              disabled={typed === branch || !BranchName.safeParse(typed).success}
            >
              Show
            </Button>
          </Group>
        </form>
      )}
      {chosen === undefined || commit === undefined ? null : (
        <Text size="xs" c="dimmed" pb={6}>
          at <Code>{commit.slice(0, 10)}</Code>
          {chosen.fetchedAt === null ? null : (
            <>
              , fetched <Time value={chosen.fetchedAt} />
            </>
          )}
        </Text>
      )}
    </Group>
  );
};
