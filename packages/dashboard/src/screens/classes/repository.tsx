import './repository.css';
import { Alert, Badge, Button, Group, Skeleton, Stack, Tabs, Text, TextInput } from '@mantine/core';
import { BranchName, RepositoryPath, type RepositoryText } from '@slipway/protocol';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { IconDeviceFloppy, IconFileCode, IconPlus } from '@tabler/icons-react';
import { lazy, Suspense, useEffect, useState } from 'react';
import { Link, useSearchParams } from 'react-router';
import { api } from '../../api.ts';
import { Empty } from '../../parts/empty.tsx';
import { Loaded } from '../../parts/loaded.tsx';
import { Page } from '../../parts/page.tsx';
import { Panel } from '../../parts/panel.tsx';
import { useSearch } from '../../parts/use-search.ts';
import { rolesFor, useMay } from '../../session/session.tsx';
import { FileHistory } from './file-history.tsx';
import { FileList } from './file-list.tsx';
import { MoveFile } from './move-file.tsx';
import { PlaceChoice } from './place-choice.tsx';
import { placeOfSource, SERVER, type Place, type PlaceFile } from './place.ts';
import { SaveDialog } from './save-dialog.tsx';

const Editor = lazy(() => import('./editor.tsx'));

const CRUMBS = [{ label: 'Classes', to: '/classes' }];

/** Where files are edited, as the address says; undefined: the source that it names is not known yet. */
const usePlace = () => {
  const [search, setSearch] = useSearchParams();
  const mayEdit = useMay('release');
  const sources = useQuery({
    queryKey: ['sources', 'names'],
    queryFn: ({ signal }) => api.sources.list({}, { signal }).all(),
  });
  const name = search.get('source') ?? '';
  const source = sources.data?.find((one) => one.name === name);
  const said = BranchName.safeParse(search.get('branch'));
  const branch = said.success ? said.data : source?.branch;
  const listed = useQuery({
    queryKey: name === '' ? [...SERVER.key, 'files'] : ['repository', name, branch, 'files'],
    queryFn: ({ signal }) =>
      (name === '' || branch === undefined ? SERVER : placeOfSource(name, branch, undefined)).list(signal),
    enabled: name === '' || branch !== undefined,
  });
  const place: Place =
    name === '' || branch === undefined ? SERVER : placeOfSource(name, branch, listed.data?.commit);
  return {
    place,
    listed,
    // To look into a source has it fetched, which takes the role that may build of it.
    sources: mayEdit ? (sources.data ?? []) : [],
    name,
    branch: branch ?? '',
    choose: (next: string, onBranch: string): void =>
      setSearch({
        ...(next === '' ? {} : { source: next }),
        ...(onBranch === '' || onBranch === sources.data?.find((one) => one.name === next)?.branch
          ? {}
          : { branch: onBranch }),
      }),
  };
};

export default function Screen() {
  const [path, setPath] = useSearch('file', '', { isStep: true });
  const { place, listed, sources, name, branch, choose } = usePlace();
  const [drafts, keep] = useDrafts(place.key.join(' '));
  return (
    <Page
      title="Image repository"
      crumbs={CRUMBS}
      about="Class files and image files: what builds are made from"
    >
      {sources.length === 0 ? null : (
        <PlaceChoice
          key={`${name} ${branch}`}
          sources={sources}
          source={name}
          branch={branch}
          commit={listed.data?.commit}
          choose={choose}
        />
      )}
      <Loaded query={listed} title="The files could not be read" skeleton={<Skeleton height={560} />}>
        {({ files: all }) => (
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
                    checked as you write, and never saved with a fault.{' '}
                    {place.git === undefined
                      ? 'A save builds nothing by itself.'
                      : 'A save is a commit that is pushed: triggers on that branch build by it.'}
                  </Empty>
                </Panel>
              ) : (
                <FileView
                  key={`${place.key.join(' ')} ${path}`}
                  place={place}
                  files={all}
                  path={path}
                  draft={drafts.get(path)}
                  keep={(text) => keep(path, text)}
                  open={setPath}
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
const NONE: Drafts = new Map();

/**
 * What was written and is not saved, by place: still there for whoever looks at another screen, or another place, and
 * comes back.
 */
const useDrafts = (place: string): readonly [Drafts, (path: string, text: string | undefined) => void] => {
  const queries = useQueryClient();
  const [all, setAll] = useState<ReadonlyMap<string, Drafts>>(
    () => queries.getQueryData<ReadonlyMap<string, Drafts>>(DRAFTS) ?? new Map(),
  );
  const keep = (path: string, text: string | undefined): void =>
    setAll((before) => {
      const next = new Map(before.get(place));
      if (text === undefined) next.delete(path);
      else next.set(path, text);
      return new Map(before).set(place, next);
    });
  useEffect(() => {
    queries.setQueryDefaults(DRAFTS, { gcTime: Number.POSITIVE_INFINITY });
    queries.setQueryData<ReadonlyMap<string, Drafts>>(DRAFTS, all);
    if ([...all.values()].every((drafts) => drafts.size === 0)) return undefined;
    const hold = (event: BeforeUnloadEvent): void => event.preventDefault();
    window.addEventListener('beforeunload', hold);
    return () => window.removeEventListener('beforeunload', hold);
  }, [queries, all]);
  return [all.get(place) ?? NONE, keep];
};

const NewFile = ({
  files,
  open,
}: {
  readonly files: readonly PlaceFile[];
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
  readonly place: Place;
  readonly files: readonly PlaceFile[];
  readonly path: string;
  readonly draft: string | undefined;
  readonly keep: (text: string | undefined) => void;
  readonly open: (path: string) => void;
};

/** What a new class file begins with. */
const beginOf = (path: string): string => {
  const name = /^classes\/([^/]+)\.ya?ml$/.exec(path)?.[1];
  return name === undefined
    ? ''
    : `name: ${name}\narch: amd64\nimages: [../edge.yml]\npartitions:\n  esp: 256M\n  root: 512M\n  data: 256M\n`;
};

/** Not below the key of the place: what is edited is not read anew because something else was saved. */
const fileKey = (place: Place, path: string): readonly string[] => ['repository file', ...place.key, path];

const FileView = (props: FileViewProps) => {
  const { place, path } = props;
  const file = useQuery({
    queryKey: fileKey(place, path),
    queryFn: async ({ signal }) => (await place.read(path, signal)) ?? null,
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
  place,
  files,
  path,
  draft,
  keep,
  open,
  base,
}: FileViewProps & { readonly base: RepositoryText | undefined }) => {
  const known = files.find((file) => file.path === path);
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
  const saved = base?.text;
  const text = draft ?? saved ?? beginOf(path);
  const isDirty = text !== saved;
  const check = async (now: string) => {
    if (kind === undefined) return [];
    const { problems } = await place.validate(path, now);
    setFaults(problems.length);
    return problems;
  };
  const setBase = (next: RepositoryText | undefined): void => {
    queries.setQueryData(fileKey(place, path), next ?? null);
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
          {mayEdit && base !== undefined && !isDirty ? (
            <MoveFile
              place={place}
              base={base}
              files={files}
              done={(next) => {
                queries.removeQueries({ queryKey: fileKey(place, path) });
                open(next ?? '');
              }}
            />
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
              place={place}
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
          place={place}
          title={`${base === undefined ? 'New file' : 'Save'} ${path}`}
          action={place.git === undefined ? 'Save' : 'Commit and push'}
          files={[{ path, was: base?.digest, before: saved, after: text }]}
          about={
            known === undefined || known.classes.length === 0
              ? undefined
              : place.git === undefined
                ? `The next build of ${known.classes.join(', ')} is made of it. Nothing is built by saving.`
                : `${known.classes.join(', ')} ${known.classes.length === 1 ? 'is' : 'are'} made of it: triggers on that branch build by the push.`
          }
          close={() => setSaving(false)}
          compareAnew={async () => setBase(await newest(place).read(path))}
          saved={(done) => {
            setSaving(false);
            keep(undefined);
            // On another branch, what is shown here is as it was.
            if (done === undefined || done.branch === place.git?.branch)
              void newest(place).read(path).then(setBase);
            else setRound((count) => count + 1);
          }}
        />
      ) : null}
    </Panel>
  );
};

/** The same place as it is now, whatever commit was listed. */
const newest = (place: Place): Place =>
  place.git === undefined ? place : placeOfSource(place.git.source, place.git.branch, undefined);

/** Of which schema it is; undefined: of none. */
const kindOf = (path: string, known: PlaceFile | undefined): 'class' | 'image' | undefined => {
  if (known?.kind === 'class' || known?.kind === 'image') return known.kind;
  if (known !== undefined || !/\.ya?ml$/.test(path)) return undefined;
  return path.startsWith('classes/') ? 'class' : 'image';
};
