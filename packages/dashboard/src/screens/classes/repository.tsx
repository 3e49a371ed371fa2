import './repository.css';
import { Alert, Badge, Button, Group, Skeleton, Stack, Tabs, Text, TextInput } from '@mantine/core';
import { RepositoryPath, type RepositoryFile } from '@slipway/protocol';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { IconDeviceFloppy, IconFileCode, IconPlus } from '@tabler/icons-react';
import { lazy, Suspense, useEffect, useState } from 'react';
import { Link } from 'react-router';
import { api } from '../../api.ts';
import { Empty } from '../../parts/empty.tsx';
import { Loaded } from '../../parts/loaded.tsx';
import { Page } from '../../parts/page.tsx';
import { Panel } from '../../parts/panel.tsx';
import { useSearch } from '../../parts/use-search.ts';
import { rolesFor, useMay } from '../../session/session.tsx';
import { FileHistory } from './file-history.tsx';
import { FileList } from './file-list.tsx';
import { readFile, type OpenFile } from './read-file.ts';
import { SaveDialog } from './save-dialog.tsx';

const Editor = lazy(() => import('./editor.tsx'));

const CRUMBS = [{ label: 'Classes', to: '/classes' }];

export default function Screen() {
  const [path, setPath] = useSearch('file', '', { isStep: true });
  const files = useQuery({
    queryKey: ['repository', 'files'],
    queryFn: ({ signal }) => api.repository.listFiles({ signal }),
  });
  const [drafts, keep] = useDrafts();
  return (
    <Page
      title="Image repository"
      crumbs={CRUMBS}
      about="Class files and image files of this server: what builds are made from"
    >
      <Loaded query={files} title="The files could not be read" skeleton={<Skeleton height={560} />}>
        {(all) => (
          <div className="repository-grid">
            <div>
              <Panel title="Files">
                <Stack gap="sm">
                  <FileList files={all} chosen={path} drafts={new Set(drafts.keys())} open={setPath} />
                  <NewFile files={all} open={setPath} />
                </Stack>
              </Panel>
            </div>
            <div>
              {path === '' ? (
                <Panel title="Editor">
                  <Empty icon={IconFileCode} title="Choose a file">
                    A class file says what devices are, an image file what their image is made of. Both are
                    checked as you write, and never saved with a fault. A save builds nothing by itself.
                  </Empty>
                </Panel>
              ) : (
                <FileView
                  key={path}
                  path={path}
                  known={all.find((file) => file.path === path)}
                  draft={drafts.get(path)}
                  keep={(text) => keep(path, text)}
                />
              )}
            </div>
          </div>
        )}
      </Loaded>
    </Page>
  );
}

type Drafts = ReadonlyMap<string, string>;
const DRAFTS = ['repository drafts'] as const;

/** What was written and is not saved: still there for whoever looks at another screen and comes back. */
const useDrafts = (): readonly [Drafts, (path: string, text: string | undefined) => void] => {
  const queries = useQueryClient();
  const [drafts, setDrafts] = useState<Drafts>(() => queries.getQueryData<Drafts>(DRAFTS) ?? new Map());
  const keep = (path: string, text: string | undefined): void =>
    setDrafts((before) => {
      const next = new Map(before);
      if (text === undefined) next.delete(path);
      else next.set(path, text);
      return next;
    });
  useEffect(() => {
    queries.setQueryDefaults(DRAFTS, { gcTime: Number.POSITIVE_INFINITY });
    queries.setQueryData<Drafts>(DRAFTS, drafts);
    if (drafts.size === 0) return undefined;
    const hold = (event: BeforeUnloadEvent): void => event.preventDefault();
    window.addEventListener('beforeunload', hold);
    return () => window.removeEventListener('beforeunload', hold);
  }, [queries, drafts]);
  return [drafts, keep];
};

const NewFile = ({
  files,
  open,
}: {
  readonly files: readonly RepositoryFile[];
  readonly open: (path: string) => void;
}) => {
  const [path, setPath] = useState('');
  const mayEdit = useMay('release');
  if (!mayEdit) return null;
  const isPath = RepositoryPath.safeParse(path).success;
  const isThere = files.some((file) => file.path === path);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (isPath) open(path);
      }}
    >
      <Group gap={6} align="flex-end" wrap="nowrap">
        <TextInput
          label="New file"
          placeholder="classes/gate.yml"
          size="xs"
          flex={1}
          value={path}
          onChange={({ currentTarget }) => setPath(currentTarget.value.trim())}
          error={path !== '' && !isPath ? 'A path within the repository' : undefined}
        />
        <Button
          type="submit"
          size="xs"
          variant="default"
          disabled={!isPath}
          leftSection={<IconPlus size={14} />}
        >
          {isThere ? 'Open' : 'Write'}
        </Button>
      </Group>
    </form>
  );
};

type FileViewProps = {
  readonly path: string;
  readonly known: RepositoryFile | undefined;
  readonly draft: string | undefined;
  readonly keep: (text: string | undefined) => void;
};

/** What a new class file begins with. */
const beginOf = (path: string): string => {
  const name = /^classes\/([^/]+)\.ya?ml$/.exec(path)?.[1];
  return name === undefined
    ? ''
    : `name: ${name}\narch: amd64\nimages: [../edge.yml]\npartitions:\n  esp: 256M\n  root: 512M\n  data: 256M\n`;
};

const FileView = (props: FileViewProps) => {
  const { path } = props;
  const file = useQuery({
    queryKey: ['repository', 'file', path],
    queryFn: async ({ signal }) => (await readFile(path, signal)) ?? null,
    // What is edited must not change under whoever edits; saving tells if it did.
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });
  return (
    <Loaded query={file} title={`${path} could not be read`} skeleton={<Skeleton height={560} />}>
      {(base) => <FileEditor {...props} base={base ?? undefined} />}
    </Loaded>
  );
};

const FileEditor = ({
  path,
  known,
  draft,
  keep,
  base,
}: FileViewProps & { readonly base: OpenFile | undefined }) => {
  const mayEdit = useMay('release');
  const queries = useQueryClient();
  const [tab, setTab] = useSearch('tab', 'text');
  const [isSaving, setSaving] = useState(false);
  const [faults, setFaults] = useState(0);
  // Another text, such as one of before, makes another editor.
  const [round, setRound] = useState(0);
  const kind = kindOf(path, known);
  const schema = useQuery({
    queryKey: ['schema', kind],
    queryFn: ({ signal }) => api.repository.getSchema(kind ?? 'image', { signal }),
    enabled: kind !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const saved = base?.file.text;
  const text = draft ?? saved ?? beginOf(path);
  const isDirty = text !== saved;
  const check = async (now: string) => {
    if (kind === undefined) return [];
    const { problems } = await api.repository.validate({ path, text: now });
    setFaults(problems.length);
    return problems;
  };
  const setBase = (next: OpenFile | undefined): void => {
    queries.setQueryData(['repository', 'file', path], next ?? null);
  };
  const save = (): void => {
    if (mayEdit && isDirty && faults === 0) setSaving(true);
  };
  const why = !mayEdit
    ? `Saving takes the role ${rolesFor('release')}.`
    : faults > 0
      ? 'A file with a fault is not saved.'
      : isDirty
        ? undefined
        : 'Nothing has changed.';
  return (
    <Panel
      title={path}
      actions={
        <>
          {base === undefined ? (
            <Badge variant="light" radius="sm" tt="none" autoContrast>
              new
            </Badge>
          ) : null}
          {faults > 0 ? (
            <Badge color="red" variant="light" radius="sm" tt="none" autoContrast role="status">
              {faults === 1 ? 'one fault' : `${faults} faults`}
            </Badge>
          ) : null}
          {mayEdit && isDirty && saved !== undefined ? (
            <Button
              variant="default"
              size="xs"
              onClick={() => {
                keep(undefined);
                setRound((count) => count + 1);
              }}
            >
              Discard changes
            </Button>
          ) : null}
          {mayEdit ? (
            <Button
              size="xs"
              leftSection={<IconDeviceFloppy size={14} />}
              disabled={why !== undefined}
              title={why}
              onClick={save}
            >
              Review and save
            </Button>
          ) : null}
        </>
      }
    >
      <Stack gap="sm">
        {mayEdit ? null : (
          <Alert color="gray" p="xs">
            <Text size="sm">{why}</Text>
          </Alert>
        )}
        {known === undefined || known.classes.length === 0 ? null : (
          <Group gap={6}>
            <Text size="sm" c="dimmed">
              part of
            </Text>
            {known.classes.map((name) => (
              <Text
                key={name}
                size="sm"
                component={Link}
                to={`/classes/${name}`}
                c="var(--mantine-color-anchor)"
              >
                {name}
              </Text>
            ))}
          </Group>
        )}
        <Tabs value={tab} onChange={(value) => setTab(value ?? 'text')} keepMounted={false}>
          <Tabs.List mb="sm">
            <Tabs.Tab value="text">Text</Tabs.Tab>
            <Tabs.Tab value="history">History</Tabs.Tab>
          </Tabs.List>
          <Tabs.Panel value="text">
            {kind !== undefined && schema.data === undefined && schema.error === null ? (
              <Skeleton height={480} />
            ) : (
              <Suspense fallback={<Skeleton height={480} />}>
                <Editor
                  key={round}
                  path={path}
                  text={text}
                  isReadOnly={!mayEdit}
                  schema={schema.data}
                  check={check}
                  onChange={(now) => keep(now === saved ? undefined : now)}
                  onSave={save}
                />
              </Suspense>
            )}
            <Text size="xs" c="dimmed" mt={6}>
              Ctrl+Space completes, Ctrl+S saves, Ctrl+F finds; Escape, then Tab leaves the editor.
            </Text>
          </Tabs.Panel>
          <Tabs.Panel value="history">
            <FileHistory
              path={path}
              mayEdit={mayEdit}
              take={(before) => {
                keep(before === saved ? undefined : before);
                setRound((count) => count + 1);
                setTab('text');
              }}
            />
          </Tabs.Panel>
        </Tabs>
      </Stack>
      {isSaving ? (
        <SaveDialog
          path={path}
          base={base}
          text={text}
          classes={known?.classes ?? []}
          close={() => setSaving(false)}
          rebase={setBase}
          saved={() => {
            setSaving(false);
            keep(undefined);
            void readFile(path).then(setBase);
          }}
        />
      ) : null}
    </Panel>
  );
};

/** Of which schema it is; undefined: of none. */
const kindOf = (path: string, known: RepositoryFile | undefined): 'class' | 'image' | undefined => {
  if (known?.kind === 'class' || known?.kind === 'image') return known.kind;
  if (known !== undefined || !/\.ya?ml$/.test(path)) return undefined;
  return path.startsWith('classes/') ? 'class' : 'image';
};
