import {
  Anchor,
  Box,
  Breadcrumbs,
  Button,
  Group,
  SegmentedControl,
  SimpleGrid,
  Skeleton,
  Stack,
  Text,
  TextInput,
} from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import type { Build, BuildContents, ContentsNode } from '@slipway/protocol';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { IconBinaryTree2, IconFile, IconFolder, IconLink, IconSearch } from '@tabler/icons-react';
import { api } from '../../api.ts';
import { DataTable, type Column } from '../../parts/data-table.tsx';
import { Empty } from '../../parts/empty.tsx';
import { Loaded } from '../../parts/loaded.tsx';
import { bytes, count, counted, percent } from '../../parts/numbers.ts';
import { Panel } from '../../parts/panel.tsx';
import { useSearch } from '../../parts/use-search.ts';
import { groundsOf } from './component-colors.ts';
import { nameOf } from './nested-tiles.ts';
import { Treemap } from './treemap.tsx';

/** What is in the image: a map and a table of the same, folder by folder. */
export const Contents = ({ build }: { readonly build: Build }) => {
  const [under, setUnder] = useSearch('under', '', { isStep: true });
  const [wanted, setWanted] = useSearch('file');
  const [asked] = useDebouncedValue(wanted.trim(), 250);
  const hasList = build.artifacts.some(({ name }) => name === 'contents.jsonl.gz');
  const folder = useQuery({
    queryKey: ['contents', build.id, under],
    queryFn: ({ signal }) => api.builds.getContents(build.id, { under, depth: 8, most: 4000 }, { signal }),
    staleTime: Number.POSITIVE_INFINITY,
    placeholderData: keepPreviousData,
    enabled: hasList,
  });
  if (!hasList)
    return (
      <Panel title="What is in the image">
        <Empty icon={IconBinaryTree2} title="No list of files">
          {build.state === 'succeeded'
            ? 'The worker that made this build wrote none. Builds of today have one: build again.'
            : 'What is in the image is known once it is built.'}
        </Empty>
      </Panel>
    );
  return (
    <Panel
      title="What is in the image"
      actions={
        <TextInput
          aria-label="Find a file"
          placeholder="Find a file"
          size="xs"
          w={200}
          leftSection={<IconSearch size={14} />}
          value={wanted}
          onChange={({ currentTarget }) => setWanted(currentTarget.value)}
        />
      }
    >
      {asked === '' ? (
        <Loaded query={folder} title="The contents could not be read" skeleton={<Skeleton height={520} />}>
          {(contents) => <Folder contents={contents} open={setUnder} />}
        </Loaded>
      ) : (
        <Found
          build={build}
          text={asked}
          open={(path) => {
            setWanted('');
            setUnder(path);
          }}
        />
      )}
    </Panel>
  );
};

type Open = (path: string) => void;

const Folder = ({ contents, open }: { readonly contents: BuildContents; readonly open: Open }) => {
  const [view, setView] = useSearch('view', 'map');
  const { under, entries, components } = contents;
  const groundOf = groundsOf(components.map(({ component }) => component));
  const depth = under.path === '' ? 0 : under.path.split('/').length;
  const children = entries.filter(({ path }) => path.split('/').length === depth + 1);
  return (
    <Stack gap="sm">
      <Group justify="space-between" gap="xs">
        <Path path={under.path} open={open} />
        <Group gap="sm">
          <Text size="sm" c="dimmed">
            {bytes(under.size)} in {counted(under.files, 'file')}
          </Text>
          <SegmentedControl
            size="xs"
            aria-label="Shown as"
            data={[
              { value: 'map', label: 'Map' },
              { value: 'table', label: 'Table' },
            ]}
            value={view}
            onChange={setView}
          />
        </Group>
      </Group>
      {view === 'table' ? (
        <Box mx="calc(-1 * var(--mantine-spacing-md))">
          <Table rows={children} whole={under.size} groundOf={groundOf} open={open} />
        </Box>
      ) : (
        <Treemap under={under} entries={entries} groundOf={groundOf} open={open} />
      )}
      <Components contents={contents} groundOf={groundOf} />
    </Stack>
  );
};

const Path = ({ path, open }: { readonly path: string; readonly open: Open }) => {
  const names = path === '' ? [] : path.split('/');
  return (
    <Breadcrumbs separator="/" separatorMargin={4} aria-label="Folder">
      <Anchor component="button" type="button" size="sm" onClick={() => open('')}>
        root
      </Anchor>
      {names.map((name, at) => (
        <Anchor
          key={at}
          component="button"
          type="button"
          size="sm"
          onClick={() => open(names.slice(0, at + 1).join('/'))}
        >
          {name}
        </Anchor>
      ))}
    </Breadcrumbs>
  );
};

type GroundOf = ReturnType<typeof groundsOf>;

const Key = ({ component, groundOf }: { readonly component: string | null; readonly groundOf: GroundOf }) => (
  <Group gap={6} wrap="nowrap" display="inline-flex">
    <span className="treemap-key" style={groundOf(component)} aria-hidden />
    <Text span size="sm" style={{ overflowWrap: 'anywhere' }}>
      {component ?? 'made by the build'}
    </Text>
  </Group>
);

const Components = ({
  contents,
  groundOf,
}: {
  readonly contents: BuildContents;
  readonly groundOf: GroundOf;
}) => (
  <SimpleGrid cols={{ base: 1, xs: 2, md: 3 }} spacing="md" verticalSpacing={4}>
    {contents.components.map(({ component, size, files }) => (
      <Group key={component ?? ''} justify="space-between" wrap="nowrap" gap="xs">
        <Key component={component} groundOf={groundOf} />
        <Text size="sm" c="dimmed" style={{ whiteSpace: 'nowrap' }}>
          {bytes(size)} · {count(files)}
        </Text>
      </Group>
    ))}
  </SimpleGrid>
);

const ICONS: Readonly<Partial<Record<ContentsNode['type'], typeof IconFile>>> = {
  directory: IconFolder,
  symlink: IconLink,
  hardlink: IconLink,
};

const columnsOf = (
  whole: number,
  open: Open,
  nameShown: (path: string) => string,
  groundOf: GroundOf,
): Column<ContentsNode>[] => [
  {
    id: 'name',
    header: 'Name',
    cell: ({ path, type, target }) => {
      const Icon = ICONS[type] ?? IconFile;
      return (
        <Group gap={6} wrap="nowrap" align="flex-start">
          <Icon size={16} aria-hidden style={{ flex: 'none', marginTop: 2 }} />
          {type === 'directory' ? (
            <Anchor component="button" type="button" size="sm" ta="left" onClick={() => open(path)}>
              {nameShown(path)}
            </Anchor>
          ) : (
            <Text span size="sm">
              {nameShown(path)}
              {target === undefined ? null : (
                <Text span c="dimmed">
                  {' '}
                  → {target}
                </Text>
              )}
            </Text>
          )}
        </Group>
      );
    },
  },
  {
    id: 'size',
    header: 'Size',
    align: 'right',
    cell: ({ size, type }) => (type === 'symlink' || type === 'hardlink' ? '–' : bytes(size)),
  },
  { id: 'share', header: 'Share', align: 'right', from: 'sm', cell: ({ size }) => percent(size, whole) },
  {
    id: 'files',
    header: 'Files',
    align: 'right',
    from: 'md',
    cell: ({ files, type }) => (type === 'directory' ? count(files) : ''),
  },
  { id: 'mode', header: 'Mode', align: 'right', from: 'md', cell: ({ mode }) => <code>{mode}</code> },
  {
    id: 'from',
    header: 'From',
    from: 'sm',
    cell: ({ component, source }) => (
      <Stack gap={0}>
        <Key component={component} groundOf={groundOf} />
        {source === null || source === component ? null : (
          <Text span size="xs" c="dimmed">
            {source}
          </Text>
        )}
      </Stack>
    ),
  },
];

type TableProps = {
  readonly rows: readonly ContentsNode[];
  readonly whole: number;
  readonly groundOf: GroundOf;
  readonly open: Open;
};
const SHOWN = 300;
const Table = ({ rows, whole, groundOf, open }: TableProps) => (
  <>
    <DataTable
      label="Files and folders"
      columns={columnsOf(whole, open, nameOf, groundOf)}
      rows={rows.slice(0, SHOWN)}
      rowKey={({ path }) => path}
      empty={
        <Text p="md" c="dimmed" size="sm">
          An empty folder.
        </Text>
      }
    />
    {rows.length > SHOWN ? (
      <Text p="md" c="dimmed" size="sm">
        The largest {SHOWN} of {count(rows.length)}; find others by their names.
      </Text>
    ) : null}
  </>
);

const Found = ({
  build,
  text,
  open,
}: {
  readonly build: Build;
  readonly text: string;
  readonly open: Open;
}) => {
  const found = useQuery({
    queryKey: ['contents', build.id, 'find', text],
    queryFn: ({ signal }) => api.builds.findContents(build.id, { text, most: 300 }, { signal }),
    placeholderData: keepPreviousData,
  });
  return (
    <Loaded query={found} title="Nothing could be looked for" skeleton={<Skeleton height={300} />}>
      {({ entries, total }) => (
        <Stack gap="xs">
          <Group justify="space-between">
            <Text size="sm" c="dimmed" role="status">
              {total > entries.length
                ? `${count(total)} paths, the first ${entries.length} of them`
                : counted(total, 'path')}{' '}
              with “{text}”
            </Text>
            <Button variant="default" size="xs" onClick={() => open('')}>
              Back to the map
            </Button>
          </Group>
          <Box mx="calc(-1 * var(--mantine-spacing-md))">
            <DataTable
              label="Found files"
              columns={columnsOf(
                entries.reduce((sum, { size }) => sum + size, 0),
                open,
                (path) => `/${path}`,
                groundsOf([]),
              ).filter(({ id }) => id !== 'share')}
              rows={entries}
              rowKey={({ path }) => path}
            />
          </Box>
        </Stack>
      )}
    </Loaded>
  );
};
