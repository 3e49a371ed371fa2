import { Alert, Box, Button, Group, Select, Stack, Text } from '@mantine/core';
import type { ClassTriggerMode, PlaceTriggers } from '@slipway/protocol';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { api } from '../../api.ts';
import { DataTable, type Column } from '../../parts/data-table.tsx';
import { Loaded } from '../../parts/loaded.tsx';
import { Panel } from '../../parts/panel.tsx';
import { StateBadge } from '../../parts/state-badge.tsx';
import { useAction } from '../../parts/use-action.ts';
import { useMay } from '../../session/session.tsx';
import { MODES, needsApproval, rowsOf, type NamedRow } from './class-trigger-words.ts';

const OWN = '-';
const isMode = (text: string | null): text is ClassTriggerMode => text !== null && Object.hasOwn(MODES, text);

const columns: Column<NamedRow>[] = [
  {
    id: 'class',
    header: 'Class',
    cell: ({ deviceClass, file }) => (
      <Box miw={110}>
        {deviceClass}
        <Text size="xs" c="dimmed">
          {file}
        </Text>
      </Box>
    ),
  },
  { id: 'what', header: 'Set off by', from: 'sm', cell: ({ what }) => what },
  {
    id: 'state',
    header: 'What became of it',
    cell: ({ what, label, tone, why }) => (
      <Box>
        <StateBadge state={label} label={label} tone={tone} />
        <Text size="xs" c="dimmed" hiddenFrom="sm">
          {what}
        </Text>
        {why === null ? null : (
          <Text size="xs" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
            {why}
          </Text>
        )}
      </Box>
    ),
  },
];

const Place = ({ place }: { readonly place: PlaceTriggers }) => {
  const { name, mode, classes, at, code, message } = place;
  const isAdmin = useMay('admin');
  const mayRelease = useMay('release');
  const called = name === OWN ? 'the image repository' : name;
  const take = useAction({
    run: (chosen: ClassTriggerMode) => api.classTriggers.update(name, { mode: chosen }),
    done: (changed) => `Triggers that class files of ${called} name ${MODES[changed.mode]}`,
    stale: ['class-triggers', 'triggers'],
  });
  const approve = useAction({
    run: () => api.classTriggers.approve(name, { at: at ?? '' }),
    done: `What class files of ${called} name is approved of`,
    stale: ['class-triggers', 'triggers'],
  });
  const isWaiting = classes.some(needsApproval);
  return (
    <Stack gap="xs">
      <Group justify="space-between" px="md">
        <Text size="sm" fw={600}>
          {name === OWN ? 'Image repository' : name}
        </Text>
        <Group gap="xs">
          {isWaiting && mayRelease ? (
            <Button size="xs" loading={approve.isPending} onClick={() => approve.mutate()}>
              Approve
            </Button>
          ) : null}
          {isAdmin ? (
            <Select
              size="xs"
              w={170}
              aria-label={`Triggers that class files of ${called} name`}
              data={Object.entries(MODES).map(([value, label]) => ({ value, label }))}
              value={take.isPending ? take.variables : mode}
              allowDeselect={false}
              onChange={(chosen) => {
                if (isMode(chosen)) take.mutate(chosen);
              }}
            />
          ) : (
            <Text size="sm" c="dimmed">
              {MODES[mode]}
            </Text>
          )}
        </Group>
      </Group>
      {code === null ? null : (
        <Alert mx="md" color="orange" icon={<IconAlertTriangle />} title={code}>
          {message}
        </Alert>
      )}
      {classes.length === 0 ? (
        <Text px="md" size="sm" c="dimmed">
          No class file names a trigger.
        </Text>
      ) : (
        <DataTable
          label={`Triggers that class files of ${called} name`}
          columns={columns}
          rows={classes.flatMap(rowsOf)}
          rowKey={({ key }) => key}
        />
      )}
    </Stack>
  );
};

/** What class files say of triggers, what became of it, and whether that is wanted. */
export const NamedTriggers = () => {
  const query = useQuery({
    queryKey: ['class-triggers'],
    queryFn: ({ signal }) => api.classTriggers.list({ signal }),
    // Commits come from elsewhere.
    refetchInterval: 15_000,
  });
  return (
    <Panel title="Named by class files" isFlush>
      <Loaded query={query} title="What class files name could not be read">
        {(places) => (
          <Stack gap="lg" pb="md">
            {places
              .filter(({ at, classes }) => at !== null || classes.length > 0)
              .map((place) => (
                <Place key={place.name} place={place} />
              ))}
          </Stack>
        )}
      </Loaded>
    </Panel>
  );
};
