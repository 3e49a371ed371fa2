import { Box, Button, Group, PasswordInput, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { SourceCreate, type Source } from '@slipway/protocol';
import { IconGitBranch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../../api.ts';
import { useConfirm } from '../../parts/confirm.tsx';
import { DataTable, type Column } from '../../parts/data-table.tsx';
import { Empty } from '../../parts/empty.tsx';
import { FormDialog } from '../../parts/form-dialog.tsx';
import { Loaded } from '../../parts/loaded.tsx';
import { Panel } from '../../parts/panel.tsx';
import { StateBadge } from '../../parts/state-badge.tsx';
import { Time } from '../../parts/time.tsx';
import { useAction } from '../../parts/use-action.ts';
import { useMay } from '../../session/session.tsx';

export const useSources = () =>
  useQuery({
    queryKey: ['sources'],
    queryFn: ({ signal }) => api.sources.list({ limit: 1000 }, { signal }).all(),
  });

/** Git repositories that builds are made from. */
export const Sources = () => {
  const isAdmin = useMay('admin');
  const mayRelease = useMay('release');
  const confirm = useConfirm();
  const [isMaking, setMaking] = useState(false);
  const query = useSources();
  const fetching = useAction({
    run: ({ id }: Source) => api.sources.fetch(id),
    done: ({ name, commit }) => `${name} is at ${commit?.slice(0, 10) ?? 'no commit'}`,
    stale: ['sources', 'class-triggers', 'triggers'],
  });
  const remove = useAction({
    run: ({ id }: Source) => api.sources.delete(id),
    done: 'The source is deleted',
    stale: ['sources', 'triggers'],
  });
  const ask = async (source: Source): Promise<void> => {
    const isSure = await confirm({
      title: `Delete the source ${source.name}?`,
      consequences: [
        'No build is made from it any more; those that were stay.',
        'Its credentials are gone from the server.',
        'Triggers that its class files name go with it; while another trigger needs it, it cannot be deleted.',
      ],
      action: 'Delete',
      isDangerous: true,
    });
    if (isSure) remove.mutate(source);
  };
  const columns: Column<Source>[] = [
    {
      id: 'name',
      header: 'Source',
      cell: ({ name, url }) => (
        <Box>
          <Text span fw={500} size="sm">
            {name}
          </Text>
          <Text size="xs" c="dimmed">
            {url}
          </Text>
        </Box>
      ),
    },
    { id: 'branch', header: 'Branch', from: 'sm', cell: ({ branch }) => branch },
    {
      id: 'commit',
      header: 'At',
      cell: ({ commit, code, message, fetchedAt }) =>
        code === null ? (
          <>
            <Text span size="sm" className="slipway-mono">
              {commit?.slice(0, 10) ?? 'not fetched yet'}
            </Text>{' '}
            <Text span size="xs" c="dimmed">
              <Time value={fetchedAt} none="" />
            </Text>
          </>
        ) : (
          <Box title={message ?? ''}>
            <StateBadge state="failed" label={code} />
          </Box>
        ),
    },
    { id: 'by', header: 'Credentials', from: 'md', cell: ({ credentials }) => credentials ?? 'none' },
    {
      id: 'do',
      header: <span className="slipway-hidden">Actions</span>,
      align: 'right',
      cell: (source) => (
        <Group gap={4} justify="flex-end" wrap="nowrap">
          {mayRelease ? (
            <Button
              size="compact-xs"
              variant="subtle"
              loading={fetching.isPending && fetching.variables.id === source.id}
              onClick={() => fetching.mutate(source)}
            >
              Fetch
            </Button>
          ) : null}
          {isAdmin ? (
            <Button
              size="compact-xs"
              variant="subtle"
              className="slipway-danger"
              onClick={() => void ask(source)}
            >
              Delete
            </Button>
          ) : null}
        </Group>
      ),
    },
  ];
  return (
    <Panel
      title="Sources"
      isFlush
      actions={
        isAdmin ? (
          <Button size="xs" variant="default" onClick={() => setMaking(true)}>
            New source
          </Button>
        ) : undefined
      }
    >
      <Loaded query={query} title="The sources could not be read">
        {(sources) => (
          <DataTable
            label="Sources"
            columns={columns}
            rows={sources}
            rowKey={({ id }) => id}
            empty={
              <Empty icon={IconGitBranch} title="No git repositories">
                Without a source, builds are made from the image repository of the server. A source is a git
                repository with class files and image files; an admin adds it.
              </Empty>
            }
          />
        )}
      </Loaded>
      <NewSource isOpen={isMaking} close={() => setMaking(false)} />
    </Panel>
  );
};

type Values = { name: string; url: string; branch: string; username: string; token: string };

const toBody = ({ name, url, branch, username, token }: Values) => ({
  name,
  url,
  branch,
  ...(token === '' ? {} : { credentials: { kind: 'token' as const, username, token } }),
});

const NewSource = ({ isOpen, close }: { readonly isOpen: boolean; readonly close: () => void }) => {
  const form = useForm<Values>({
    initialValues: { name: '', url: '', branch: 'main', username: 'git', token: '' },
    validate: (values) => {
      const { error } = SourceCreate.safeParse(toBody(values));
      return Object.fromEntries(
        (error?.issues ?? []).map(({ path, message }) => [String(path.at(-1)), message]),
      );
    },
  });
  const make = useAction({
    run: (values: Values) => api.sources.create(toBody(values)),
    done: ({ name }) => `Builds can be made from ${name}`,
    stale: ['sources'],
    onDone: () => {
      form.reset();
      close();
    },
  });
  return (
    <FormDialog
      title="New source"
      isOpen={isOpen}
      close={close}
      onSubmit={form.onSubmit((values) => make.mutate(values))}
      action="Add the source"
      isBusy={make.isPending}
    >
      <TextInput label="Name" placeholder="images" required data-autofocus {...form.getInputProps('name')} />
      <TextInput
        label="Address"
        description="https://HOST/PATH, ssh://USER@HOST/PATH; no password in it"
        placeholder="https://git.example/acme/images.git"
        required
        {...form.getInputProps('url')}
      />
      <TextInput label="Branch" required {...form.getInputProps('branch')} />
      <Group grow align="flex-start">
        <TextInput
          label="User of the token"
          description="GitLab: oauth2; Gitea: yours"
          {...form.getInputProps('username')}
        />
        <PasswordInput
          label="Token"
          description="Kept sealed, never shown again"
          autoComplete="off"
          {...form.getInputProps('token')}
        />
      </Group>
      <Text size="sm" c="dimmed">
        For a key of SSH: <code>slipway source create --key-file --known-hosts</code>.
      </Text>
    </FormDialog>
  );
};
