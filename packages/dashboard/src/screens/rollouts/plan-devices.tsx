import { Radio, Select, Skeleton, Stack, Textarea } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense } from 'react';
import { api } from '../../api.ts';
import type { Draft } from './draft.ts';
import { useReleases } from './plan-release.tsx';
import type { StepProps } from './planner.tsx';

/** With an editor, which is much to load. */
const TargetQuery = lazy(() => import('./target-query.tsx'));

const TARGETS: readonly {
  readonly value: Draft['target'];
  readonly label: string;
  readonly about: string;
}[] = [
  { value: 'class', label: 'The whole class', about: 'also devices that enrol while it runs' },
  { value: 'query', label: 'What a query finds', about: 'at any time while it runs' },
  { value: 'group', label: 'A group', about: 'whoever belongs to it while it runs' },
  { value: 'devices', label: 'Named devices', about: 'these, whatever channel they follow' },
];

export const PlanDevices = ({ draft, set }: StepProps) => {
  const deviceClass = useReleases().data?.find(({ id }) => id === draft.release)?.deviceClass;
  const groups = useQuery({
    queryKey: ['groups', 'names'],
    queryFn: () => api.groups.list({ limit: 500 }).all(500),
    enabled: draft.target === 'group',
  });
  const channels = useQuery({
    queryKey: ['channels', 'of-class', deviceClass],
    queryFn: () => api.channels.list(deviceClass === undefined ? {} : { deviceClass }).all(),
    enabled: draft.target === 'class',
  });
  return (
    <Stack>
      <Radio.Group
        label="Which devices"
        value={draft.target}
        onChange={(value) => set({ target: TARGETS.find((one) => one.value === value)?.value ?? 'class' })}
      >
        <Stack gap="xs" mt="xs">
          {TARGETS.map(({ value, label, about }) => (
            <Radio key={value} value={value} label={label} description={about} />
          ))}
        </Stack>
      </Radio.Group>
      {draft.target === 'class' ? (
        <Select
          label="Only those that follow a channel"
          description="Otherwise those that follow none, and those whose channel the release was published to"
          placeholder="no channel in particular"
          clearable
          data={(channels.data ?? []).map(({ name, devices }) => ({
            value: name,
            label: `${name} · ${devices} devices`,
          }))}
          value={draft.channel === '' ? null : draft.channel}
          onChange={(value) => set({ channel: value ?? '' })}
        />
      ) : null}
      {draft.target === 'query' ? (
        <Suspense fallback={<Skeleton height={84} />}>
          <TargetQuery query={draft.query} deviceClass={deviceClass} onChange={(query) => set({ query })} />
        </Suspense>
      ) : null}
      {draft.target === 'group' ? (
        <Select
          label="Group"
          searchable
          placeholder="Choose a group"
          nothingFoundMessage="There is no such group"
          data={(groups.data ?? []).map(({ id, name }) => ({ value: id, label: name }))}
          value={draft.group === '' ? null : draft.group}
          onChange={(value) => set({ group: value ?? '' })}
        />
      ) : null}
      {draft.target === 'devices' ? (
        <Textarea
          label="Ids"
          description="Apart by commas, blanks or lines"
          placeholder="gate-1, gate-2"
          autosize
          minRows={3}
          maxRows={12}
          classNames={{ input: 'slipway-mono' }}
          value={draft.devices}
          onChange={({ currentTarget }) => set({ devices: currentTarget.value })}
        />
      ) : null}
    </Stack>
  );
};
