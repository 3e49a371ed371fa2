import { ActionIcon, Button, Group, PasswordInput, Select, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { GroupId, Password, Role, UserName, type User } from '@slipway/protocol';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { useEffect } from 'react';
import { api } from '../../api.ts';
import { problemOf } from '../../parts/check.ts';
import { FormDialog } from '../../parts/form-dialog.tsx';
import { useAction } from '../../parts/use-action.ts';
import { ROLE_WORDS } from './access-words.ts';
import { useGroups } from './use-groups.ts';

const NO_ROLE = 'none';
const ROLES = [
  { value: NO_ROLE, label: 'no role: only what groups give' },
  ...Role.options.map((role) => ({ value: role, label: `${role}: ${ROLE_WORDS[role]}` })),
];

type Values = {
  name: string;
  password: string;
  role: string;
  groupRoles: { group: string; role: string }[];
};
const EMPTY: Values = { name: '', password: '', role: 'viewer', groupRoles: [] };

type UserFormProps = {
  readonly isOpen: boolean;
  /** whose roles are changed; absent: a new one is made */
  readonly user: User | undefined;
  readonly close: () => void;
};

export const UserForm = ({ isOpen, user, close }: UserFormProps) => {
  const groups = useGroups();
  const form = useForm<Values>({
    initialValues: EMPTY,
    validate: {
      name: (text) => (user === undefined ? problemOf(UserName, text) : null),
      password: (text) => (user === undefined ? problemOf(Password, text) : null),
      groupRoles: { group: (text) => (text === '' ? 'choose a group' : null) },
    },
  });
  const { setValues, resetDirty, clearErrors } = form;
  useEffect(() => {
    if (!isOpen) return;
    setValues(
      user === undefined
        ? EMPTY
        : { name: user.name, password: '', role: user.role ?? NO_ROLE, groupRoles: [...user.groupRoles] },
    );
    resetDirty();
    clearErrors();
  }, [isOpen, user, setValues, resetDirty, clearErrors]);
  const save = useAction({
    run: ({ name, password, role, groupRoles }: Values) => {
      const roles = {
        role: role === NO_ROLE ? null : Role.parse(role),
        groupRoles: groupRoles.map((one) => ({
          group: GroupId.parse(one.group),
          role: Role.parse(one.role),
        })),
      };
      return user === undefined
        ? api.users.create({ name, password, ...roles })
        : api.users.update(user.id, roles);
    },
    done: ({ name }) => (user === undefined ? `${name} can log in` : `The roles of ${name} count at once`),
    stale: ['users'],
    onDone: close,
  });
  return (
    <FormDialog
      title={user === undefined ? 'New user' : `Roles of ${user.name}`}
      isOpen={isOpen}
      close={close}
      onSubmit={form.onSubmit((values) => save.mutate(values))}
      action={user === undefined ? 'Make the user' : 'Change the roles'}
      isBusy={save.isPending}
      size="lg"
    >
      {user === undefined ? (
        <>
          <TextInput
            label="Name"
            description="Lower-case letters, digits and . _ @ -"
            required
            autoComplete="off"
            data-autofocus
            {...form.getInputProps('name')}
          />
          <PasswordInput
            label="Password"
            description="At least 12 characters. Tell it them another way; they can change it in their profile."
            required
            autoComplete="new-password"
            {...form.getInputProps('password')}
          />
        </>
      ) : null}
      <Select
        label="Role on the whole fleet"
        data={ROLES}
        allowDeselect={false}
        {...form.getInputProps('role')}
      />
      <Stack gap="xs">
        <Text size="sm" fw={500}>
          Roles on groups of devices
        </Text>
        {form.values.groupRoles.map((_, at) => (
          <Group key={at} gap="xs" wrap="nowrap" align="flex-start">
            <Select
              aria-label="Group"
              placeholder="Group"
              data={(groups.data ?? []).map(({ id, name }) => ({ value: id, label: name }))}
              searchable
              flex={1}
              {...form.getInputProps(`groupRoles.${at}.group`)}
            />
            <Select
              aria-label="Role on the group"
              data={Role.options}
              allowDeselect={false}
              w={130}
              {...form.getInputProps(`groupRoles.${at}.role`)}
            />
            <ActionIcon
              variant="subtle"
              color="gray"
              size="lg"
              aria-label="Take this role away"
              onClick={() => form.removeListItem('groupRoles', at)}
            >
              <IconTrash size={16} />
            </ActionIcon>
          </Group>
        ))}
        <Group>
          <Button
            variant="default"
            size="xs"
            leftSection={<IconPlus size={14} />}
            onClick={() => form.insertListItem('groupRoles', { group: '', role: 'operator' })}
            disabled={groups.data?.length === 0}
          >
            A role on a group
          </Button>
          {groups.data?.length === 0 ? (
            <Text size="sm" c="dimmed">
              There are no groups yet; they are made among the devices.
            </Text>
          ) : null}
        </Group>
      </Stack>
    </FormDialog>
  );
};
