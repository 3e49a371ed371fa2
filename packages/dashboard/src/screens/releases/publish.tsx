import { Alert, Autocomplete, Button, Checkbox, Group, Modal, Stack, Text } from '@mantine/core';
import type { Release } from '@slipway/protocol';
import { useQuery } from '@tanstack/react-query';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useState } from 'react';
import { api } from '../../api.ts';
import { Failure } from '../../parts/failure.tsx';
import { counted } from '../../parts/numbers.ts';
import { useAction } from '../../parts/use-action.ts';

type PublishProps = { readonly release: Release; readonly isOpen: boolean; readonly close: () => void };

const WHY: Partial<Record<NonNullable<Release['qualification']>, string>> = {
  failed: 'It failed to prove itself in a virtual device.',
  pending: 'It has not proven itself in a virtual device yet.',
  running: 'It is just proving itself in a virtual device.',
};

/** Publishes a release: to nobody in particular, or to those who follow a channel. */
export const Publish = ({ release, isOpen, close }: PublishProps) => {
  const { deviceClass, version, state, qualification } = release;
  const [channel, setChannel] = useState('');
  const [force, setForce] = useState(false);
  const channels = useQuery({
    queryKey: ['channels', 'of-class', deviceClass],
    queryFn: () => api.channels.list({ deviceClass }).all(),
    enabled: isOpen,
  });
  const chosen = channels.data?.find(({ name }) => name === channel);
  const why = state === 'draft' && qualification !== undefined ? WHY[qualification] : undefined;
  const publish = useAction({
    run: async (): Promise<unknown> => {
      const forced = why === undefined ? {} : { force };
      if (channel === '') return api.releases.publish(release.id, forced);
      if (state === 'deprecated') await api.releases.publish(release.id);
      return api.channels.createRelease(deviceClass, channel, { release: release.id, ...forced });
    },
    done: channel === '' ? `${version} is published` : `${version} is the current release of ${channel}`,
    stale: ['releases', 'channels', 'qualifications'],
    onDone: close,
  });
  return (
    <Modal opened={isOpen} onClose={close} title={<Text fw={600}>Publish {version}?</Text>}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          publish.mutate();
        }}
      >
        <Stack gap="sm">
          <Text size="sm">
            A published release of {deviceClass} can be rolled out. No device takes it before somebody, or a
            trigger, begins a rollout.
          </Text>
          <Autocomplete
            label="Channel"
            description="Becomes its current release; a new name makes a new channel. Leave it empty for none"
            placeholder="such as stable"
            data={(channels.data ?? []).map(({ name }) => name)}
            value={channel}
            onChange={setChannel}
            maxLength={63}
          />
          {chosen === undefined ? null : (
            <Text size="sm" c="dimmed">
              {chosen.version === null ? 'It has no release now' : `It is at ${chosen.version} now`};{' '}
              {counted(chosen.devices, 'device')} {chosen.devices === 1 ? 'follows' : 'follow'} it
              {chosen.floor === null ? '' : `; nothing below ${chosen.floor} is taken`}.
            </Text>
          )}
          {why === undefined ? null : (
            <Alert color="orange" icon={<IconAlertTriangle />} title={why}>
              <Checkbox
                label="Publish it all the same; the audit log says so"
                checked={force}
                onChange={({ currentTarget }) => setForce(currentTarget.checked)}
              />
            </Alert>
          )}
          {publish.error === null ? null : <Failure error={publish.error} title="It was not published" />}
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              Leave it
            </Button>
            <Button type="submit" loading={publish.isPending} disabled={why !== undefined && !force}>
              {channel === '' ? 'Publish' : `Publish to ${channel}`}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
};
