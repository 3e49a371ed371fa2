import { ActionIcon, Badge, Button, Group, Stack, Table, TagsInput, Text, TextInput } from '@mantine/core';
import type { Device, DeviceChange } from '@slipway/protocol';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import { api } from '../../../api.ts';
import { Panel } from '../../../parts/panel.tsx';
import { useAction } from '../../../parts/use-action.ts';
import { useMaySomewhere } from '../../../session/session.tsx';
import { attributeText } from '../attribute-value.ts';
import { changeOf, type Draft } from './label-change.ts';

const draftOf = ({ name, tags, attributes }: Device): Draft => ({
  name: name ?? '',
  tags,
  attributes: Object.entries(attributes).map(([key, value]) => ({ key, text: attributeText(value) })),
});

const Editor = ({ device, close }: { readonly device: Device; readonly close: () => void }) => {
  const [draft, setDraft] = useState(() => draftOf(device));
  const [before] = useState(device);
  const save = useAction({
    run: (change: DeviceChange) => api.devices.update(device.id, change),
    done: `${device.id} changed`,
    stale: ['devices', 'query-fields'],
    onDone: close,
  });
  const setRow = (at: number, part: Partial<Draft['attributes'][number]>): void =>
    setDraft({
      ...draft,
      attributes: draft.attributes.map((row, index) => (index === at ? { ...row, ...part } : row)),
    });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate(changeOf(before, draft));
      }}
    >
      <Stack gap="sm">
        <TextInput
          label="Name"
          maxLength={128}
          value={draft.name}
          onChange={(event) => setDraft({ ...draft, name: event.currentTarget.value })}
        />
        <TagsInput
          label="Tags"
          placeholder="Type a tag, then Enter"
          value={[...draft.tags]}
          onChange={(tags) => setDraft({ ...draft, tags })}
        />
        <Stack gap={6}>
          <Text size="sm" fw={500}>
            Attributes
          </Text>
          {draft.attributes.map(({ key, text }, at) => (
            <Group key={at} gap="xs" wrap="nowrap">
              <TextInput
                aria-label={`Name of attribute ${at + 1}`}
                placeholder="site"
                flex={1}
                value={key}
                onChange={(event) => setRow(at, { key: event.currentTarget.value })}
              />
              <TextInput
                aria-label={`Value of ${key}`}
                placeholder="bremen"
                flex={1}
                value={text}
                onChange={(event) => setRow(at, { text: event.currentTarget.value })}
              />
              <ActionIcon
                variant="subtle"
                color="gray"
                aria-label={`Remove ${key}`}
                onClick={() =>
                  setDraft({ ...draft, attributes: draft.attributes.filter((_, index) => index !== at) })
                }
              >
                <IconTrash size={16} />
              </ActionIcon>
            </Group>
          ))}
          <Button
            variant="subtle"
            size="compact-sm"
            leftSection={<IconPlus size={14} />}
            style={{ alignSelf: 'flex-start' }}
            onClick={() => setDraft({ ...draft, attributes: [...draft.attributes, { key: '', text: '' }] })}
          >
            Attribute
          </Button>
          <Text size="xs" c="dimmed">
            Numbers, true and false count as what they are; in double quotes they are text.
          </Text>
        </Stack>
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>
            Cancel
          </Button>
          <Button type="submit" loading={save.isPending}>
            Save
          </Button>
        </Group>
      </Stack>
    </form>
  );
};

/** What operators say of it; nothing that the device reports is here. */
export const Labels = ({ device }: { readonly device: Device }) => {
  const [isEditing, setEditing] = useState(false);
  const may = useMaySomewhere('operate');
  const attributes = Object.entries(device.attributes);
  return (
    <Panel
      title="Name, tags and attributes"
      actions={
        may && !isEditing ? (
          <Button variant="default" size="xs" onClick={() => setEditing(true)}>
            Edit
          </Button>
        ) : null
      }
    >
      {isEditing ? (
        <Editor device={device} close={() => setEditing(false)} />
      ) : (
        <Stack gap="xs">
          <Text size="sm" c={device.name === null ? 'dimmed' : undefined}>
            {device.name ?? 'No name for people yet.'}
          </Text>
          {device.tags.length === 0 ? (
            <Text size="sm" c="dimmed">
              No tags.
            </Text>
          ) : (
            <Group gap={4}>
              {device.tags.map((tag) => (
                <Badge key={tag} variant="default" radius="sm" tt="none" fw={500}>
                  {tag}
                </Badge>
              ))}
            </Group>
          )}
          {attributes.length === 0 ? (
            <Text size="sm" c="dimmed">
              No attributes.
            </Text>
          ) : (
            <Table verticalSpacing={4} horizontalSpacing={0} withRowBorders={false}>
              <Table.Tbody>
                {attributes.map(([key, value]) => (
                  <Table.Tr key={key}>
                    <Table.Th scope="row" w={130} fw={400} c="dimmed" ta="left">
                      {key}
                    </Table.Th>
                    <Table.Td style={{ overflowWrap: 'anywhere' }}>{String(value)}</Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          )}
        </Stack>
      )}
    </Panel>
  );
};
