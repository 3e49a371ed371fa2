import { Anchor, Box, Button, Drawer, Group, Modal, Stack, Text } from '@mantine/core';
import type { ClaimToken } from '@slipway/protocol';
import { IconPrinter, IconQrcode } from '@tabler/icons-react';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useCallback, useState } from 'react';
import { Link } from 'react-router';
import { api } from '../../api.ts';
import { useConfirm } from '../../parts/confirm.tsx';
import { Copyable } from '../../parts/copyable.tsx';
import { DataTable, type Column } from '../../parts/data-table.tsx';
import { Empty } from '../../parts/empty.tsx';
import { FactList } from '../../parts/fact-list.tsx';
import { Failure } from '../../parts/failure.tsx';
import { Lines, Loaded } from '../../parts/loaded.tsx';
import { More } from '../../parts/more.tsx';
import { count, counted } from '../../parts/numbers.ts';
import { Once } from '../../parts/once.tsx';
import { Panel } from '../../parts/panel.tsx';
import { StateBadge } from '../../parts/state-badge.tsx';
import { Time } from '../../parts/time.tsx';
import { useAction } from '../../parts/use-action.ts';
import { useSearch } from '../../parts/use-search.ts';
import { useMay } from '../../session/session.tsx';
import { ClaimLabel, claimFile } from './claim-label.tsx';
import { stateOfClaim } from './claim-state.ts';
import { NewClaim } from './new-claim.tsx';
import { QrCode } from './qr-code.tsx';

const PAGE = 50;
const TONES = { open: 'good', 'used up': 'gone', expired: 'gone', revoked: 'bad' } as const;

export default function Claims() {
  const mayOperate = useMay('operate');
  const [isMaking, setMaking] = useState(false);
  const [made, setMade] = useState<ClaimToken>();
  const [chosen, choose] = useSearch('claim');
  const query = useInfiniteQuery({
    queryKey: ['claims', 'list'],
    queryFn: ({ pageParam, signal }) => api.claims.list({ limit: PAGE }, { signal }).page(pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }) => next,
  });
  const claims = query.data?.pages.flatMap(({ items }) => items);
  const now = Date.now();
  const columns: Column<ClaimToken>[] = [
    {
      id: 'claim',
      header: 'Claim',
      cell: ({ id, note }) => (
        <Box>
          <Anchor component="button" type="button" size="sm" ta="left" onClick={() => choose(id)}>
            {note ?? id}
          </Anchor>
          {note === null ? null : (
            <Text size="xs" c="dimmed">
              {id}
            </Text>
          )}
        </Box>
      ),
    },
    {
      id: 'state',
      header: 'State',
      cell: (claim) => {
        const state = stateOfClaim(claim, now);
        return <StateBadge state={state} tone={TONES[state]} />;
      },
    },
    { id: 'class', header: 'Class', isWhole: true, cell: ({ deviceClass }) => deviceClass },
    {
      id: 'for',
      header: 'Device',
      from: 'sm',
      cell: ({ deviceId, idPattern }) =>
        deviceId === null ? (
          (idPattern ?? <Text c="dimmed">any</Text>)
        ) : (
          <Anchor component={Link} to={`/devices/${deviceId}`} size="sm">
            {deviceId}
          </Anchor>
        ),
    },
    {
      id: 'used',
      header: 'Used',
      align: 'right',
      isWhole: true,
      cell: ({ used, uses }) => `${count(used)} of ${count(uses)}`,
    },
    { id: 'ends', header: 'Ends', from: 'md', cell: ({ expiresAt }) => <Time value={expiresAt} /> },
  ];
  return (
    <Panel
      title="Claim tokens"
      isFlush
      actions={
        mayOperate ? (
          <Button size="xs" leftSection={<IconQrcode size={16} />} onClick={() => setMaking(true)}>
            New claim token
          </Button>
        ) : undefined
      }
    >
      {query.error === null ? (
        <DataTable
          label="Claims"
          columns={columns}
          rows={claims}
          rowKey={({ id }) => id}
          empty={
            <Empty
              icon={IconQrcode}
              title="No claim tokens"
              action={
                mayOperate ? <Button onClick={() => setMaking(true)}>Make the first</Button> : undefined
              }
            >
              A device comes into the fleet with a claim token: it is put onto its disk, as a file or by a
              code that a production line reads, and is used up when the device has its certificate.
            </Empty>
          }
        />
      ) : (
        <Failure error={query.error} retry={() => void query.refetch()} />
      )}
      <More query={query} shown={claims?.length ?? 0} what="claim" />
      <NewClaim isOpen={isMaking} close={() => setMaking(false)} made={setMade} />
      <Made claim={made} close={() => setMade(undefined)} />
      <Drawer
        opened={chosen !== ''}
        onClose={() => choose('')}
        position="right"
        size="lg"
        title={<Text fw={600}>Claim {chosen}</Text>}
      >
        {chosen === '' ? null : <ClaimDetails id={chosen} />}
      </Drawer>
    </Panel>
  );
}

/** A token that was just made: to be put onto a disk, read by a camera, or printed. */
const Made = ({ claim, close }: { readonly claim: ClaimToken | undefined; readonly close: () => void }) => {
  const [isPrinting, setPrinting] = useState(false);
  const printed = useCallback(() => setPrinting(false), []);
  const token = claim?.token ?? '';
  return (
    <Modal
      opened={claim !== undefined}
      onClose={close}
      title={<Text fw={600}>Claim token for {claim?.deviceClass}</Text>}
      size="lg"
      closeOnClickOutside={false}
    >
      {claim === undefined ? null : (
        <Stack>
          <Once what="claim token" secret={token} />
          <Group align="flex-start" gap="lg">
            <Box p={6} bg="white" style={{ borderRadius: 8, lineHeight: 0 }}>
              <QrCode text={claimFile(token)} label="The claim token as a QR code" size={196} />
            </Box>
            <Stack gap="xs" flex={1} miw={220}>
              <Text size="sm">
                The code is what belongs into <code>slipway/claim.json</code> on the ESP of the device. At a
                shell, onto a disk image:
              </Text>
              <Copyable
                text={`slipway provision disk.img --token ${token}`}
                shown="slipway provision disk.img …"
                what="the command"
              />
              <Text size="sm" c="dimmed">
                {claim.deviceId === null
                  ? `For ${counted(claim.uses, 'device')}`
                  : `For the device ${claim.deviceId}`}
                , ends <Time value={claim.expiresAt} />. Whoever has it can enrol a device.
              </Text>
            </Stack>
          </Group>
          <Group justify="flex-end" gap="xs">
            <Button
              variant="default"
              leftSection={<IconPrinter size={16} />}
              onClick={() => setPrinting(true)}
            >
              Print a label
            </Button>
            <Button onClick={close}>I have put it away</Button>
          </Group>
          {isPrinting ? <ClaimLabel claim={claim} token={token} done={printed} /> : null}
        </Stack>
      )}
    </Modal>
  );
};

const ClaimDetails = ({ id }: { readonly id: string }) => {
  const mayOperate = useMay('operate');
  const confirm = useConfirm();
  const claim = useQuery({
    queryKey: ['claims', id],
    queryFn: ({ signal }) => api.claims.get(id, { signal }),
  });
  const uses = useQuery({
    queryKey: ['claims', id, 'uses'],
    queryFn: ({ signal }) => api.claims.listUses(id, { limit: 200 }, { signal }).all(200),
  });
  const revoke = useAction({
    run: () => api.claims.revoke(id),
    done: 'No further device comes in by this claim',
    stale: ['claims'],
  });
  const ask = async (): Promise<void> => {
    const isSure = await confirm({
      title: 'Revoke this claim?',
      consequences: [
        'No further device comes in with its token.',
        'Devices that came with it stay in the fleet.',
        'Labels that are printed are worth nothing any more.',
      ],
      action: 'Revoke',
      isDangerous: true,
    });
    if (isSure) revoke.mutate();
  };
  return (
    <Loaded query={claim} title="The claim could not be read" skeleton={<Lines count={6} />}>
      {(found) => (
        <Stack>
          <FactList
            facts={[
              ['Class', found.deviceClass],
              ['Device', found.deviceId],
              ['Ids', found.idPattern],
              ['Used', `${count(found.used)} of ${count(found.uses)}`],
              ['Approval', found.approval === 'required' ? 'devices wait until they are accepted' : null],
              ['Only registered', found.registeredOnly ? 'yes' : null],
              ['Note', found.note],
              ['Made', <Time key="made" value={found.createdAt} as="local" />],
              ['Ends', <Time key="ends" value={found.expiresAt} as="local" />],
              [
                'Revoked',
                found.revokedAt === null ? null : <Time key="revoked" value={found.revokedAt} as="local" />,
              ],
            ]}
          />
          <Text size="sm" fw={600}>
            Who came with it
          </Text>
          <Loaded query={uses}>
            {(list) => (
              <DataTable
                label="Who came with it"
                rows={list}
                rowKey={({ keySha256 }) => keySha256}
                empty={
                  <Text size="sm" c="dimmed">
                    Nobody yet.
                  </Text>
                }
                columns={[
                  {
                    id: 'device',
                    header: 'Device',
                    cell: ({ device }) => (
                      <Anchor component={Link} to={`/devices/${device}`} size="sm">
                        {device}
                      </Anchor>
                    ),
                  },
                  {
                    id: 'state',
                    header: 'State',
                    cell: ({ state }) => (
                      <StateBadge
                        state={state}
                        tone={state === 'enrolled' ? 'good' : state === 'pending' ? 'waiting' : 'bad'}
                      />
                    ),
                  },
                  { id: 'serial', header: 'Serial', cell: ({ serial }) => serial ?? '–' },
                  { id: 'first', header: 'When', cell: ({ firstAt }) => <Time value={firstAt} /> },
                ]}
              />
            )}
          </Loaded>
          {mayOperate && found.revokedAt === null ? (
            <Group>
              <Button
                variant="light"
                className="slipway-danger"
                onClick={() => void ask()}
                loading={revoke.isPending}
              >
                Revoke it
              </Button>
            </Group>
          ) : null}
        </Stack>
      )}
    </Loaded>
  );
};
