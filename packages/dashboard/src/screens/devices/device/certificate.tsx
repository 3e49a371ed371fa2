import { Alert, Anchor, Grid, List, Progress, Stack, Text } from '@mantine/core';
import type { Device, DeviceCertificate } from '@slipway/protocol';
import { IconCertificate } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { api } from '../../../api.ts';
import { Copyable } from '../../../parts/copyable.tsx';
import { DataTable } from '../../../parts/data-table.tsx';
import { Empty } from '../../../parts/empty.tsx';
import { FactList } from '../../../parts/fact-list.tsx';
import { Loaded } from '../../../parts/loaded.tsx';
import { span } from '../../../parts/numbers.ts';
import { Panel } from '../../../parts/panel.tsx';
import { StateBadge } from '../../../parts/state-badge.tsx';
import { Time } from '../../../parts/time.tsx';
import { standOf, validityOf } from './certificate-state.ts';

const unknown = 'not recorded: given by an older version of the server';

const short = (hex: string): string => `${hex.slice(0, 16)}…`;

const Validity = ({ certificate }: { readonly certificate: DeviceCertificate }) => {
  const { share, leftMs, isLate } = validityOf(certificate, Date.now());
  return (
    <Stack gap={6}>
      <Progress
        value={share * 100}
        color={isLate ? 'red' : 'green'}
        aria-label="How much of its time has passed"
        size="sm"
      />
      <Text size="sm">
        {leftMs <= 0 ? 'It has ended.' : `${span(leftMs)} are left.`}{' '}
        {isLate ? 'The device should have renewed it by itself: see whether it is online.' : ''}
      </Text>
    </Stack>
  );
};

const Current = ({ certificate }: { readonly certificate: DeviceCertificate }) => (
  <Stack gap="md">
    <Validity certificate={certificate} />
    <FactList
      facts={[
        ['Serial', <Copyable key="serial" text={certificate.serial} what="the serial number" />],
        [
          'Fingerprint',
          certificate.fingerprint === null ? (
            unknown
          ) : (
            <Copyable key="print" text={certificate.fingerprint} what="the fingerprint" />
          ),
        ],
        ['Key', certificate.keyType ?? unknown],
        [
          'SHA-256 of the key',
          <Copyable key="key" text={certificate.keySha256} what="the digest of the key" />,
        ],
        ['Issuer', certificate.issuer ?? unknown],
        ['Given', <Time key="given" value={certificate.issuedAt} as="local" />],
        ['Ends', <Time key="ends" value={certificate.expiresAt} as="local" />],
        [
          'Revoked',
          certificate.revokedAt === null ? null : <Time key="no" value={certificate.revokedAt} as="local" />,
        ],
      ]}
    />
  </Stack>
);

const Revoking = ({ device }: { readonly device: Device }) => (
  <Panel title="What revoking does">
    <Stack gap="sm">
      <List size="sm" spacing={6}>
        <List.Item>
          The session of the device ends, and the list of revoked certificates names all of its own: no broker
          lets it in again.
        </List.Item>
        <List.Item>It gets no other certificate before it is enrolled anew by a claim for its id.</List.Item>
        <List.Item>An update that is under way is given up; no rollout counts on it any more.</List.Item>
        <List.Item>What it runs goes on running, with what lies on its disk.</List.Item>
      </List>
      <Text size="sm" c="dimmed">
        {device.state === 'active'
          ? 'For a device that was lost or stolen. Whoever has the role operator finds it at the top right, under More.'
          : 'It is out of the fleet already.'}
      </Text>
    </Stack>
  </Panel>
);

const Given = ({ certificates }: { readonly certificates: readonly DeviceCertificate[] }) => (
  <DataTable
    label="Certificates"
    rows={certificates}
    rowKey={({ serial }) => serial}
    empty={
      <Empty icon={IconCertificate} title="No certificate">
        A device is given one when it is enrolled or accepted, and renews it by itself.
      </Empty>
    }
    columns={[
      {
        id: 'state',
        header: 'State',
        width: 120,
        cell: (one) => {
          const { word, tone } = standOf(one, Date.now());
          return <StateBadge state={word} tone={tone} />;
        },
      },
      { id: 'given', header: 'Given', width: 120, cell: ({ issuedAt }) => <Time value={issuedAt} /> },
      { id: 'ends', header: 'Ends', width: 120, cell: ({ expiresAt }) => <Time value={expiresAt} /> },
      {
        id: 'revoked',
        header: 'Revoked',
        from: 'sm',
        cell: ({ revokedAt, listed }) =>
          revokedAt === null ? (
            '–'
          ) : (
            <>
              <Time value={revokedAt} />
              {listed ? ', and on the list that brokers read' : ', and on the next list'}
            </>
          ),
      },
      {
        id: 'serial',
        header: 'Serial',
        from: 'md',
        cell: ({ serial }) => <Copyable text={serial} shown={short(serial)} what="the serial number" />,
      },
    ]}
  />
);

/** By what the device proves who it is. */
export const Certificate = ({ device }: { readonly device: Device }) => {
  const query = useQuery({
    queryKey: ['devices', 'certificates', device.id],
    queryFn: ({ signal }) => api.devices.listCertificates(device.id, {}, { signal }).all(),
  });
  return (
    <Loaded query={query} title="The certificates could not be read">
      {(certificates) => {
        const current = certificates.find((one) => one.current) ?? certificates[0];
        return (
          <Grid gap="md">
            <Grid.Col span={{ base: 12, lg: 7 }}>
              <Stack gap="md">
                {device.revokedAt === null ? null : (
                  <Alert color="red" title="Revoked">
                    Since <Time value={device.revokedAt} as="local" />. A claim for {device.id} lets the
                    device back in, with a new key.
                  </Alert>
                )}
                {current === undefined ? null : (
                  <Panel title={current.current ? 'Certificate' : 'Last certificate'}>
                    <Current certificate={current} />
                  </Panel>
                )}
                <Panel title="Given to it" isFlush>
                  <Given certificates={certificates} />
                </Panel>
              </Stack>
            </Grid.Col>
            <Grid.Col span={{ base: 12, lg: 5 }}>
              <Stack gap="md">
                <Revoking device={device} />
                <Panel title="Before these">
                  <Text size="sm">
                    Certificates that have ended are forgotten when the next one is given. Each time that one
                    was given, renewed or revoked stands{' '}
                    <Anchor
                      component={Link}
                      size="sm"
                      to={`/devices/${device.id}?tab=history&kind=certificate`}
                    >
                      in its history
                    </Anchor>
                    .
                  </Text>
                </Panel>
              </Stack>
            </Grid.Col>
          </Grid>
        );
      }}
    </Loaded>
  );
};
