import { ActionIcon, Button, Checkbox, Group, Menu, Modal, Stack, Text, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import type { View, ViewCreate } from '@slipway/protocol';
import { IconBookmark, IconTrash, IconUsers } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../../api.ts';
import { useConfirm } from '../../parts/confirm.tsx';
import { useAction } from '../../parts/use-action.ts';
import { useMaySomewhere, useMe } from '../../session/session.tsx';

type Shown = Pick<ViewCreate, 'query' | 'columns' | 'sort' | 'order'>;

const SaveForm = ({ shown, close }: { readonly shown: Shown; readonly close: () => void }) => {
  const [name, setName] = useState('');
  const [shared, setShared] = useState(false);
  const mayShare = useMaySomewhere('operate');
  const save = useAction({
    run: () => api.views.create({ ...shown, name: name.trim(), shared }),
    done: 'View saved',
    stale: ['views'],
    onDone: close,
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <Stack gap="sm">
        <TextInput
          label="Name"
          data-autofocus
          required
          maxLength={64}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Text size="sm" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
          Keeps the query ({shown.query === '' ? 'all devices' : shown.query}), the columns and the order.
        </Text>
        <Checkbox
          label="Everybody sees it"
          description={mayShare ? undefined : 'To share a view takes the role operator.'}
          disabled={!mayShare}
          checked={shared}
          onChange={(event) => setShared(event.currentTarget.checked)}
        />
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>
            Cancel
          </Button>
          <Button type="submit" loading={save.isPending} disabled={name.trim() === ''}>
            Save view
          </Button>
        </Group>
      </Stack>
    </form>
  );
};

/** Lists of devices that somebody comes back to. */
export const ViewMenu = ({ shown, open }: { readonly shown: Shown; readonly open: (view: View) => void }) => {
  const me = useMe();
  const confirm = useConfirm();
  const [isSaving, saving] = useDisclosure();
  const views = useQuery({ queryKey: ['views'], queryFn: ({ signal }) => api.views.list({ signal }) });
  const remove = useAction({
    run: (view: View) => api.views.delete(view.id),
    done: 'View deleted',
    stale: ['views'],
  });
  const isMine = ({ owner }: View): boolean => owner === (me.user?.name ?? me.name);
  const askToRemove = async (view: View): Promise<void> => {
    const yes = await confirm({
      title: `Delete the view ${view.name}?`,
      consequences: view.shared ? ['Nobody finds it any more.'] : [],
      action: 'Delete',
      isDangerous: true,
    });
    if (yes) remove.mutate(view);
  };
  return (
    <>
      <Menu position="bottom-start" shadow="md" width={300}>
        <Menu.Target>
          <Button variant="default" size="xs" leftSection={<IconBookmark size={14} />}>
            Views
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {(views.data ?? []).length === 0 ? (
            <Text size="sm" c="dimmed" px="sm" py={6}>
              A query that you come back to can be kept under a name.
            </Text>
          ) : null}
          {(views.data ?? []).map((view) => (
            <Group key={view.id} gap={0} wrap="nowrap">
              <Menu.Item
                onClick={() => open(view)}
                rightSection={view.shared ? <IconUsers size={14} aria-label="shared" /> : null}
              >
                {view.name}
              </Menu.Item>
              {isMine(view) ? (
                <ActionIcon
                  variant="subtle"
                  color="gray"
                  aria-label={`Delete the view ${view.name}`}
                  onClick={() => void askToRemove(view)}
                >
                  <IconTrash size={14} />
                </ActionIcon>
              ) : null}
            </Group>
          ))}
          <Menu.Divider />
          <Menu.Item onClick={saving.open}>Save this view …</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Modal opened={isSaving} onClose={saving.close} title="Save this view">
        <SaveForm shown={shown} close={saving.close} />
      </Modal>
    </>
  );
};
