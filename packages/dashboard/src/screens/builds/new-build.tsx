import { Button, Checkbox, Group, Modal, Select, Stack, Text, TextInput } from '@mantine/core';
import { BuildPriority, Version, type Build, type OutputFormat } from '@slipway/protocol';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import { api } from '../../api.ts';
import { Failure } from '../../parts/failure.tsx';
import { useAction } from '../../parts/use-action.ts';
import { OutputsField } from './outputs-field.tsx';

type NewBuildProps = {
  readonly isOpen: boolean;
  readonly close: () => void;
  /** chosen before; may be changed */
  readonly deviceClass?: string | undefined;
};

const isVersion = (text: string): boolean => Version.safeParse(text).success;

/** Asks for a build: of which class, from where, how soon, in which formats. */
export default function NewBuild({ isOpen, close, deviceClass: first = '' }: NewBuildProps) {
  const [source, setSource] = useState<string | null>(null);
  const [deviceClass, setClass] = useState(first);
  const [version, setVersion] = useState('');
  const [priority, setPriority] = useState<BuildPriority>('normal');
  const [outputs, setOutputs] = useState<readonly OutputFormat[]>([]);
  const [force, setForce] = useState(false);
  const navigate = useNavigate();
  const sources = useQuery({
    queryKey: ['sources'],
    queryFn: ({ signal }) => api.sources.list({}, { signal }).all(200),
  });
  const classes = useQuery({
    queryKey: ['device-classes', source],
    queryFn: ({ signal }) =>
      source === null
        ? api.deviceClasses.list({ signal })
        : api.sources.listDeviceClasses(source, { signal }),
  });
  const build = useAction({
    run: () =>
      api.builds.create({
        deviceClass,
        priority,
        ...(version === '' ? {} : { version }),
        ...(source === null ? {} : { source }),
        ...(outputs.length === 0 ? {} : { outputs: [...outputs] }),
        ...(force ? { force } : {}),
      }),
    done: ({ deviceClass: of, version: made }: Build) => `Build of ${of} ${made} asked for`,
    stale: ['builds'],
    onDone: ({ id }) => {
      close();
      void navigate(`/builds/${id}`);
    },
  });
  // The list of classes opens with the focus, over what else there is to say.
  const isClassGiven = first !== '';
  const wrongVersion = version !== '' && !isVersion(version);
  const names: string[] = (classes.data ?? []).map(({ name }) => name);
  return (
    <Modal opened={isOpen} onClose={close} title={<Text fw={600}>New build</Text>}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          build.mutate();
        }}
      >
        <Stack gap="sm">
          {(sources.data ?? []).length === 0 ? null : (
            <Select
              label="Built from"
              data={[
                { value: '', label: 'the image repository of the server' },
                ...(sources.data ?? []).map(({ id, name }) => ({ value: id, label: `source ${name}` })),
              ]}
              value={source ?? ''}
              onChange={(chosen) => setSource(chosen === '' ? null : chosen)}
              allowDeselect={false}
            />
          )}
          {classes.error === null ? null : (
            <Failure error={classes.error} title="The classes could not be read" />
          )}
          <Select
            label="Device class"
            data={names}
            value={names.includes(deviceClass) ? deviceClass : null}
            onChange={(chosen) => setClass(chosen ?? '')}
            placeholder="Which image is to be built"
            searchable
            required
            data-autofocus={isClassGiven ? undefined : true}
          />
          <TextInput
            label="Version"
            description="Left out: the one after the last build of the class"
            value={version}
            onChange={({ currentTarget }) => setVersion(currentTarget.value.trim())}
            error={wrongVersion ? 'Three numbers, such as 1.4.0 or 2.0.0-rc.1' : undefined}
            placeholder="1.4.0"
            data-autofocus={isClassGiven ? true : undefined}
          />
          <Select
            label="Priority"
            data={[...BuildPriority.options].reverse()}
            value={priority}
            onChange={(chosen) => setPriority(BuildPriority.catch('normal').parse(chosen))}
            allowDeselect={false}
          />
          <OutputsField
            outputs={outputs}
            set={setOutputs}
            deviceClass={source === null && names.includes(deviceClass) ? deviceClass : undefined}
          />
          <Checkbox
            label="Also if an equal build has just succeeded"
            checked={force}
            onChange={({ currentTarget }) => setForce(currentTarget.checked)}
          />
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={close}>
              Cancel
            </Button>
            <Button type="submit" loading={build.isPending} disabled={deviceClass === '' || wrongVersion}>
              Build
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
