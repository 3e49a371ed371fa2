import { Alert, Button, Group, List, Modal, Progress, Skeleton, Stack, Text, TextInput } from '@mantine/core';
import type { BulkAction, BulkResult, QueryField } from '@slipway/protocol';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { api } from '../../api.ts';
import { Failure } from '../../parts/failure.tsx';
import { count, counted } from '../../parts/numbers.ts';
import type { BulkItem } from './bulk-actions.ts';
import { FORMS } from './bulk-forms.tsx';
import { runBulk, targetsOf } from './run-bulk.ts';
import type { Selection } from './selection.ts';

type DialogProps = {
  readonly item: BulkItem;
  readonly selection: Selection;
  readonly query: string;
  readonly fields: readonly QueryField[];
  readonly close: () => void;
};

/** Above it the word is typed: a slip of the hand is not to take so many out. */
const TYPED_FROM = 10;

const Refused = ({ result }: { readonly result: BulkResult }) => (
  <>
    {result.unchanged === 0 ? null : (
      <Text size="sm">
        {counted(result.unchanged, 'device')} {result.unchanged === 1 ? 'is' : 'are'} so already.
      </Text>
    )}
    {result.refused.map(({ code, message, count: many, devices }) => (
      <Text key={code} size="sm" style={{ overflowWrap: 'anywhere' }}>
        {counted(many, 'device')} {many === 1 ? 'stays' : 'stay'} as {many === 1 ? 'it is' : 'they are'}:{' '}
        {message}
        {devices.length === 0 ? '' : ` (${devices.slice(0, 3).join(', ')}${many > 3 ? ', …' : ''})`}
      </Text>
    ))}
  </>
);

type Run =
  | { readonly state: 'no' }
  | { readonly state: 'running' | 'over' | 'broken off'; readonly so: BulkResult }
  | { readonly state: 'failed'; readonly error: unknown };

const total = ({ changed, unchanged, refused }: BulkResult): number =>
  changed + unchanged + refused.reduce((sum, one) => sum + one.count, 0);

const Form = ({ item, selection, query, fields, close }: DialogProps) => {
  const queries = useQueryClient();
  const [formed, setFormed] = useState<BulkAction | undefined>();
  const [typed, setTyped] = useState('');
  const [run, setRun] = useState<Run>({ state: 'no' });
  const stop = useRef<AbortController>(undefined);
  const action = item.action ?? formed;
  const targets = targetsOf(selection, query);
  const preview = useQuery({
    queryKey: ['devices-bulk', targets, action],
    queryFn: () =>
      action === undefined
        ? undefined
        : runBulk((request) => api.devices.bulk(request), targets, action, { dryRun: true }),
    enabled: action !== undefined && run.state === 'no',
    staleTime: 0,
  });
  const start = async (): Promise<void> => {
    if (action === undefined) return;
    stop.current = new AbortController();
    const { signal } = stop.current;
    let so: BulkResult = { dryRun: false, changed: 0, unchanged: 0, refused: [], after: null };
    setRun({ state: 'running', so });
    try {
      so = await runBulk((request) => api.devices.bulk(request, { signal }), targets, action, {
        dryRun: false,
        signal,
        onProgress: (now) => {
          so = now;
          setRun({ state: 'running', so });
        },
      });
      setRun({ state: 'over', so });
    } catch (error) {
      setRun(signal.aborted ? { state: 'broken off', so } : { state: 'failed', error });
    }
    for (const key of ['devices', 'groups', 'commands', 'overview'])
      void queries.invalidateQueries({ queryKey: [key] });
  };

  if (run.state === 'failed')
    return (
      <Stack gap="sm">
        <Failure error={run.error} title="It went wrong on the way" />
        <Text size="sm">
          Devices that were changed by then stay so; doing it again goes on with the others.
        </Text>
        <Group justify="flex-end">
          <Button onClick={() => void start()}>Try again</Button>
        </Group>
      </Stack>
    );
  if (run.state !== 'no') {
    const all = preview.data === undefined ? 0 : total(preview.data);
    const done = total(run.so);
    return (
      <Stack gap="sm">
        <Progress
          value={run.state === 'over' ? 100 : (done / Math.max(1, all)) * 100}
          animated={run.state === 'running'}
          aria-label="How far it is"
        />
        <Text role="status" fw={500}>
          {run.state === 'running'
            ? `${count(done)} of ${counted(all, 'device')} …`
            : `${counted(run.so.changed, 'device')} done${run.state === 'broken off' ? ', then broken off' : ''}.`}
        </Text>
        {run.state === 'running' ? null : <Refused result={run.so} />}
        <Group justify="flex-end">
          {run.state === 'running' ? (
            <Button variant="default" onClick={() => stop.current?.abort()}>
              Break off
            </Button>
          ) : (
            <Button onClick={close} data-autofocus>
              Close
            </Button>
          )}
        </Group>
      </Stack>
    );
  }

  const changed = preview.data?.changed ?? 0;
  const mustType = item.isDangerous === true && changed >= TYPED_FROM;
  const Fields = item.form === undefined ? undefined : FORMS[item.form];
  return (
    <Stack gap="sm">
      {Fields === undefined ? null : <Fields fields={fields} onChange={setFormed} />}
      {item.consequences.length === 0 ? null : (
        <Alert
          variant="light"
          color={item.isDangerous === true ? 'red' : 'blue'}
          icon={item.isDangerous === true ? <IconAlertTriangle /> : undefined}
        >
          <List size="sm" spacing={4}>
            {item.consequences.map((text) => (
              <List.Item key={text}>{text}</List.Item>
            ))}
          </List>
        </Alert>
      )}
      <div role="status" style={{ minHeight: 44 }}>
        {action === undefined ? null : preview.error !== null ? (
          <Failure error={preview.error} title="What it would do could not be found out" />
        ) : preview.data === undefined ? (
          <Skeleton height={20} />
        ) : (
          <>
            <Text size="sm" fw={600}>
              {counted(changed, 'device')} would be changed.
            </Text>
            <Refused result={preview.data} />
          </>
        )}
      </div>
      {mustType ? (
        <TextInput
          label={`Type ${count(changed)} to go on`}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
        />
      ) : null}
      <Group justify="flex-end">
        <Button variant="default" onClick={close}>
          Cancel
        </Button>
        <Button
          color={item.isDangerous === true ? 'red.8' : undefined}
          disabled={
            action === undefined ||
            changed === 0 ||
            (mustType && typed.replaceAll(',', '') !== String(changed))
          }
          onClick={() => void start()}
        >
          {item.verb} {changed === 0 ? 'devices' : counted(changed, 'device')}
        </Button>
      </Group>
    </Stack>
  );
};

/** Says what would become of how many, then does it, batch by batch. */
export const BulkDialog = (props: DialogProps) => (
  <Modal
    opened
    onClose={props.close}
    closeOnClickOutside={false}
    title={<Text fw={600}>{props.item.label.replace(' …', '')}</Text>}
    size="lg"
  >
    <Form {...props} />
  </Modal>
);
