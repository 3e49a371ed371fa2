import { Badge, Box, NavLink, Stack, Text, TextInput } from '@mantine/core';
import type { RepositoryKind } from '@slipway/protocol';
import { IconSearch } from '@tabler/icons-react';
import { useState } from 'react';
import type { PlaceFile } from './place.ts';

const SECTIONS: readonly (readonly [RepositoryKind, string])[] = [
  ['class', 'Class files'],
  ['image', 'Image files'],
  ['component', 'Components'],
  ['lock', 'Lock'],
  ['other', 'Other files'],
];

type FileListProps = {
  readonly files: readonly PlaceFile[];
  readonly chosen: string;
  /** that were changed here and not saved */
  readonly drafts: ReadonlySet<string>;
  readonly open: (path: string) => void;
};

/** Files of the repository, by what they are. */
export const FileList = ({ files, chosen, drafts, open }: FileListProps) => {
  const [wanted, setWanted] = useState('');
  const shown = files.filter(({ path }) => path.toLowerCase().includes(wanted.trim().toLowerCase()));
  return (
    <Stack gap="xs" component="nav" aria-label="Files" className="repository-files">
      <TextInput
        aria-label="Find a file"
        placeholder="Find a file"
        size="xs"
        leftSection={<IconSearch size={14} />}
        value={wanted}
        onChange={({ currentTarget }) => setWanted(currentTarget.value)}
      />
      <Box mah={{ base: 260, md: 'calc(100vh - 330px)' }} style={{ overflowY: 'auto' }}>
        {SECTIONS.map(([kind, label]) => {
          const own = shown.filter((file) => file.kind === kind);
          return own.length === 0 ? null : (
            <Stack key={kind} gap={0} mb="xs">
              <Text size="xs" fw={600} c="dimmed" px={6} py={2}>
                {label}
              </Text>
              {own.map(({ path, classes }) => (
                <NavLink
                  key={path}
                  component="button"
                  type="button"
                  active={path === chosen}
                  aria-current={path === chosen}
                  label={path}
                  description={
                    kind === 'image' && classes.length > 0 ? `of ${classes.join(', ')}` : undefined
                  }
                  rightSection={
                    drafts.has(path) ? (
                      <Badge
                        size="xs"
                        variant="light"
                        color="orange"
                        radius="sm"
                        tt="none"
                        autoContrast
                        className="slipway-tone slipway-tone-orange"
                      >
                        not saved
                      </Badge>
                    ) : undefined
                  }
                  onClick={() => open(path)}
                  py={4}
                  px={8}
                  style={{ borderRadius: 6, overflowWrap: 'anywhere' }}
                />
              ))}
            </Stack>
          );
        })}
      </Box>
    </Stack>
  );
};
