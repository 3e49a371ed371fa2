import { Alert, Anchor, Box, Button, Group, List, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { TenantChange, type EmergencyStop, type ServerStatus } from '@slipway/protocol';
import { IconAlertTriangle, IconHandStop } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { api } from '../../api.ts';
import { problemOf } from '../../parts/check.ts';
import { useConfirm } from '../../parts/confirm.tsx';
import { Copyable } from '../../parts/copyable.tsx';
import { FactList } from '../../parts/fact-list.tsx';
import { Lines, Loaded } from '../../parts/loaded.tsx';
import { bytes, count, counted } from '../../parts/numbers.ts';
import { Panel } from '../../parts/panel.tsx';
import { StateBadge } from '../../parts/state-badge.tsx';
import { Time } from '../../parts/time.tsx';
import { useAction } from '../../parts/use-action.ts';
import { rolesFor, useMay } from '../../session/session.tsx';
import { VirtualDevices } from './virtual-devices.tsx';

export default function Instance() {
  const status = useQuery({
    queryKey: ['stop', 'status'],
    queryFn: ({ signal }) => api.status.get({ signal }),
  });
  return (
    <Stack gap="md">
      <TenantPanel />
      <Loaded query={status} title="How the server is could not be read" skeleton={<Lines count={10} />}>
        {(data) => (
          <>
            <StopPanel stop={data.stop} />
            <StatusPanel status={data} />
          </>
        )}
      </Loaded>
      <VirtualDevices />
      <BackupPanel />
    </Stack>
  );
}

const TenantPanel = () => {
  const isAdmin = useMay('admin');
  const query = useQuery({ queryKey: ['tenant'], queryFn: ({ signal }) => api.tenant.get({ signal }) });
  return (
    <Panel title="Whose fleet this is">
      <Loaded query={query} skeleton={<Lines count={2} />}>
        {(tenant) => (
          <Stack gap="sm">
            <FactList
              facts={[
                ['Name', tenant.name],
                ['Id', <Copyable key="id" text={tenant.id} what="the id" />],
                ['Since', <Time key="since" value={tenant.createdAt} />],
              ]}
            />
            {isAdmin ? <Rename name={tenant.name} /> : null}
          </Stack>
        )}
      </Loaded>
    </Panel>
  );
};

const Rename = ({ name }: { readonly name: string }) => {
  const form = useForm({
    initialValues: { name },
    validate: { name: (text) => problemOf(TenantChange, { name: text }) },
  });
  const rename = useAction({
    run: (text: string) => api.tenant.update({ name: text }),
    done: 'Renamed',
    stale: ['tenant'],
    onDone: ({ name: given }) => {
      form.setValues({ name: given });
      form.resetDirty();
    },
  });
  return (
    <form onSubmit={form.onSubmit((values) => rename.mutate(values.name))} noValidate>
      <Group gap="xs" align="flex-end">
        <TextInput label="Another name" w={280} {...form.getInputProps('name')} />
        <Button
          type="submit"
          variant="default"
          loading={rename.isPending}
          disabled={form.values.name === name}
        >
          Rename
        </Button>
      </Group>
    </form>
  );
};

const StopPanel = ({ stop }: { readonly stop: EmergencyStop }) => {
  const mayStop = useMay('operate');
  const mayResume = useMay('release');
  const confirm = useConfirm();
  const form = useForm({
    initialValues: { reason: '' },
    validate: { reason: (text) => (text.trim() === '' ? 'why, for whoever finds the fleet stopped' : null) },
  });
  const halt = useAction({
    run: (reason: string) => api.emergencyStop.replace({ reason }),
    done: 'The fleet is stopped',
    stale: ['stop', 'rollouts', 'overview'],
    onDone: () => form.reset(),
  });
  const resume = useAction({
    run: () => api.emergencyStop.delete(),
    done: 'Rollouts go on',
    stale: ['stop', 'rollouts', 'overview'],
  });
  const askToStop = async (reason: string): Promise<void> => {
    const isSure = await confirm({
      title: 'Stop every rollout?',
      consequences: [
        `${counted(stop.offers, 'device')} that ${stop.offers === 1 ? 'is' : 'are'} offered a release or bring one in stop before the trial.`,
        'Devices that boot a release or try it finish by themselves.',
        'Builds, publishing and commands go on.',
      ],
      action: 'Stop the fleet',
      isDangerous: true,
    });
    if (isSure) halt.mutate(reason);
  };
  const askToResume = async (): Promise<void> => {
    const isSure = await confirm({
      title: 'Let rollouts go on?',
      consequences: [
        'Every rollout that runs offers its release again, to devices that were halted, too.',
        'What was wrong should be aborted first.',
      ],
      action: 'Lift the stop',
    });
    if (isSure) resume.mutate();
  };
  return (
    <Panel title="Emergency stop">
      {stop.stopped ? (
        <Stack gap="sm">
          <Alert color="red" icon={<IconHandStop />} title="In force: nothing is offered to any device">
            <Text size="sm">
              {stop.reason} ({stop.actor}, <Time value={stop.at} />)
            </Text>
            <Text size="sm">
              {counted(stop.trials, 'device')} on trial, which ends by itself.
              {stop.offersAtBroker > 0
                ? ` ${counted(stop.offersAtBroker, 'offer')} from before still lie at the broker.`
                : ''}
            </Text>
          </Alert>
          {mayResume ? (
            <Group>
              <Button onClick={() => void askToResume()} loading={resume.isPending}>
                Lift the stop
              </Button>
            </Group>
          ) : (
            <Text size="sm" c="dimmed">
              To lift it takes the role {rolesFor('release')}.
            </Text>
          )}
        </Stack>
      ) : (
        <Stack gap="sm">
          <Text size="sm">
            Not in force. It takes back every offer at once; what is not yet on trial ends, nothing else is
            undone.
          </Text>
          {mayStop ? (
            <form onSubmit={form.onSubmit(({ reason }) => void askToStop(reason))} noValidate>
              <Group gap="xs" align="flex-start">
                <TextInput
                  aria-label="Reason of the stop"
                  placeholder="Reason, such as: 1.4.0 bricks pumps"
                  flex="1 1 260px"
                  maw={420}
                  {...form.getInputProps('reason')}
                />
                <Button
                  type="submit"
                  color="red.8"
                  leftSection={<IconHandStop size={16} />}
                  loading={halt.isPending}
                >
                  Stop the fleet …
                </Button>
              </Group>
            </form>
          ) : (
            <Text size="sm" c="dimmed">
              To stop takes the role {rolesFor('operate')}.
            </Text>
          )}
        </Stack>
      )}
    </Panel>
  );
};

const StatusPanel = ({ status }: { readonly status: ServerStatus }) => {
  const { problems, warnings, store, queues, devices } = status;
  return (
    <Panel title="The server" actions={<StateBadge state={status.state} />}>
      <Stack gap="sm">
        {problems.length + warnings.length === 0 ? null : (
          <Alert
            color={problems.length > 0 ? 'red' : 'orange'}
            icon={<IconAlertTriangle />}
            title="What is amiss"
          >
            <List size="sm">
              {[...problems, ...warnings].map((line) => (
                <List.Item key={line}>{line}</List.Item>
              ))}
            </List>
          </Alert>
        )}
        <FactList
          facts={[
            ['Version', status.version],
            ['Up since', <Time key="since" value={status.startedAt} as="local" />],
            ['Database', status.database],
            [
              'Artifact store',
              `${bytes(store.freeBytes)} free of ${bytes(store.totalBytes)}${store.state === 'low' ? ': builds are refused' : ''}`,
            ],
            ['Build workers', count(status.workers)],
            ['Gateways', count(status.stop.gateways)],
            ['Devices', `${count(devices.total)}, ${count(devices.online)} of them connected`],
            [
              'Queues',
              <Box key="queues">
                {queues.map(({ name, waiting, active, failed }) => (
                  <Text size="sm" key={name}>
                    {name}: {count(waiting)} waiting, {count(active)} active
                    {failed > 0 ? `, ${count(failed)} failed` : ''}
                  </Text>
                ))}
              </Box>,
            ],
            [
              'API',
              <Anchor key="api" href="/docs" size="sm">
                Reference
              </Anchor>,
            ],
          ]}
        />
      </Stack>
    </Panel>
  );
};

const BackupPanel = () => (
  <Panel title="Backup">
    <Stack gap="xs">
      <Text size="sm">
        One file with database, keys and artifacts, made at a shell of the machine of the server, also while
        it runs. It holds the keys that sign releases, so encrypt it and keep what opens it elsewhere.
      </Text>
      <Copyable text="slipway backup FILE.age --data DATA --recipient age1…" what="the command" />
      <Text size="sm">See that it can be read, from time to time:</Text>
      <Copyable text="slipway backup verify FILE.age --identity IDENTITY" what="the command" />
    </Stack>
  </Panel>
);
