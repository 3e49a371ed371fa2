import '../devices/devices.css';
import { Anchor, Input, Stack, Text } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useId, useMemo } from 'react';
import { Link } from 'react-router';
import { api } from '../../api.ts';
import { counted } from '../../parts/numbers.ts';
import { faultOf, QueryBar } from '../devices/query-bar.tsx';

type TargetQueryProps = {
  readonly query: string;
  readonly deviceClass: string | undefined;
  readonly onChange: (query: string) => void;
};

/** A query with completion, and what it finds in the class of the release. */
export default function TargetQuery({ query, deviceClass, onChange }: TargetQueryProps) {
  const id = useId();
  const fields = useQuery({
    queryKey: ['query-fields'],
    queryFn: ({ signal }) => api.devices.fields({ signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const asked = query.trim();
  const found = useQuery({
    queryKey: ['devices', 'counts', 'of-plan', asked],
    queryFn: ({ signal }) => api.devices.counts({ query: asked }, { signal }),
    enabled: asked !== '',
    placeholderData: keepPreviousData,
  });
  const fault = useMemo(() => faultOf(asked, found.error), [asked, found.error]);
  const ofClass =
    deviceClass === undefined
      ? found.data?.total
      : (found.data?.byClass.find(({ value }) => value === deviceClass)?.count ?? 0);
  return (
    <Stack gap={4}>
      <Input.Label component="div">Query</Input.Label>
      <Text size="xs" c="dimmed">
        Within the class of the release. Those that follow a channel are in it only if the release was
        published there.
      </Text>
      <QueryBar id={id} value={query} onChange={onChange} fields={fields.data ?? []} fault={fault} />
      {found.data === undefined || fault !== undefined || asked === '' ? null : (
        <Text size="sm" role="status">
          It finds{' '}
          <Anchor
            component={Link}
            to={`/devices?${new URLSearchParams({ query: asked }).toString()}`}
            inherit
          >
            {counted(ofClass ?? 0, 'device')}
          </Anchor>
          {deviceClass === undefined ? '' : ` of ${deviceClass}`} now.
        </Text>
      )}
    </Stack>
  );
}
