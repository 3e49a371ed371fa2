import { Alert, Anchor, Box, Group, Stack, Text } from '@mantine/core';
import { DEFAULT_PROFILE, KEY_ROTATION, type Key } from '@slipway/protocol';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { api } from '../../api.ts';
import { Copyable } from '../../parts/copyable.tsx';
import { DataTable, type Column } from '../../parts/data-table.tsx';
import { FactList } from '../../parts/fact-list.tsx';
import { Lines, Loaded } from '../../parts/loaded.tsx';
import { counted } from '../../parts/numbers.ts';
import { Panel } from '../../parts/panel.tsx';
import { StateBadge } from '../../parts/state-badge.tsx';
import type { Tone } from '../../parts/states.ts';
import { Time } from '../../parts/time.tsx';
import { useSearch } from '../../parts/use-search.ts';
import { endingSoon, endOf, endsSoon, PURPOSES } from './key-days.ts';
import { KeyRotations } from './key-rotations.tsx';

export default function Keys() {
  const [chosen, choose] = useSearch('key');
  const query = useQuery({
    queryKey: ['keys'],
    queryFn: ({ signal }) => api.keys.list({ limit: 1000 }, { signal }).all(),
  });
  return (
    <Loaded query={query} title="The keys could not be read" skeleton={<Lines count={8} height={32} />}>
      {(keys) => (
        <Stack gap="md">
          <Ending keys={keys} />
          <Panel title="Keys" isFlush>
            <KeyTable keys={keys} chosen={chosen} choose={choose} />
          </Panel>
          {keys
            .filter(({ id }) => id === chosen)
            .map((key) => (
              <KeyPanel key={key.id} known={key} />
            ))}
          <KeyRotations keys={keys} />
        </Stack>
      )}
    </Loaded>
  );
}

const Ending = ({ keys }: { readonly keys: readonly Key[] }) => {
  const soon = endingSoon(keys, Date.now());
  if (soon.length === 0) return null;
  return (
    <Alert
      color="orange"
      icon={<IconAlertTriangle />}
      title={`${counted(soon.length, 'certificate')} in use ${soon.length === 1 ? 'ends' : 'end'} soon`}
    >
      <Stack gap={4}>
        {soon.map((key) => (
          <Text size="sm" key={key.id}>
            {PURPOSES[key.purpose]} ({key.subject}): <Time value={key.notAfter} />. Rotate it as it stands
            below.
          </Text>
        ))}
      </Stack>
    </Alert>
  );
};

const TONES: Readonly<Record<Key['state'], Tone>> = {
  current: 'good',
  next: 'busy',
  outgoing: 'waiting',
  former: 'old',
  expired: 'bad',
};

type KeyTableProps = {
  readonly keys: readonly Key[];
  readonly chosen: string;
  readonly choose: (id: string) => void;
};

const KeyTable = ({ keys, chosen, choose }: KeyTableProps) => {
  const columns: Column<Key>[] = [
    {
      id: 'purpose',
      header: 'For what',
      cell: (key) => (
        <Box>
          <Anchor
            component="button"
            type="button"
            size="sm"
            ta="left"
            fw={500}
            aria-expanded={chosen === key.id}
            onClick={() => choose(chosen === key.id ? '' : key.id)}
          >
            {PURPOSES[key.purpose]}
          </Anchor>
          <Text size="xs" c="dimmed">
            {key.purpose}
            {key.profile === undefined || key.profile === DEFAULT_PROFILE ? '' : ` of ${key.profile}`}
          </Text>
        </Box>
      ),
    },
    {
      id: 'state',
      header: 'State',
      width: 130,
      cell: ({ state }) => <StateBadge state={state} tone={TONES[state]} />,
    },
    {
      id: 'ends',
      header: 'Ends',
      cell: (key) => (
        <Text span size="sm" c={endsSoon(key, Date.now()) ? 'orange.9' : undefined}>
          {endOf(key, Date.now())}
        </Text>
      ),
    },
    { id: 'subject', header: 'Certificate of', from: 'sm', cell: ({ subject }) => subject },
    { id: 'used', header: 'Last used', from: 'lg', cell: ({ lastUsedAt }) => <Time value={lastUsedAt} /> },
  ];
  const order = Object.keys(PURPOSES);
  const sorted = [...keys].sort(
    (a, b) => order.indexOf(a.purpose) - order.indexOf(b.purpose) || b.lastUsedAt.localeCompare(a.lastUsedAt),
  );
  return <DataTable label="Each key" columns={columns} rows={sorted} rowKey={({ id }) => id} />;
};

/** One key in full; how many releases and devices stand on it is asked only here. */
const KeyPanel = ({ known }: { readonly known: Key }) => {
  const { data } = useQuery({
    queryKey: ['keys', known.id],
    queryFn: ({ signal }) => api.keys.get(known.id, { signal }),
  });
  const isSigner = known.purpose === 'release-signer';
  return (
    <Panel title={`${PURPOSES[known.purpose]}: ${known.subject}`}>
      <Stack gap="sm">
        <FactList
          facts={[
            ['Key (SHA-256)', <Copyable key="id" text={known.id} what="the id of the key" />],
            ['Signing profile', known.profile ?? null],
            ['Believed by', KEY_ROTATION[known.purpose].trustedBy],
            ['Serial', known.serial],
            ['Good from', <Time key="from" value={known.notBefore} as="local" />],
            ['Good until', <Time key="until" value={known.notAfter} as="local" />],
            ['First seen', <Time key="first" value={known.firstSeenAt} />],
            ['Last used', <Time key="last" value={known.lastUsedAt} />],
            [
              'Signed',
              isSigner ? (data?.releases === undefined ? '…' : counted(data.releases, 'release')) : null,
            ],
            [
              'Relied on by',
              isSigner
                ? data?.devices === undefined
                  ? '…'
                  : `${counted(data.devices, 'device')} that ${data.devices === 1 ? 'runs' : 'run'} one of them`
                : null,
            ],
          ]}
        />
        <Group gap="xs">
          <Text size="sm">Certificate</Text>
          <Copyable text={known.certificate} shown="PEM" what="the certificate" />
        </Group>
      </Stack>
    </Panel>
  );
};
