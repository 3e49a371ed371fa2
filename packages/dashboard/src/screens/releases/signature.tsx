import { Alert, Group, Stack, Table, Text, Timeline } from '@mantine/core';
import { ERRORS, isErrorCode, type ReleaseSignature } from '@slipway/protocol';
import { useQuery } from '@tanstack/react-query';
import { IconCertificate, IconShieldCheck, IconShieldX } from '@tabler/icons-react';
import { api } from '../../api.ts';
import { Copyable } from '../../parts/copyable.tsx';
import { Facts } from '../../parts/facts.tsx';
import { Loaded } from '../../parts/loaded.tsx';
import { bytes, count } from '../../parts/numbers.ts';
import { Panel } from '../../parts/panel.tsx';
import { StateBadge } from '../../parts/state-badge.tsx';
import { Time } from '../../parts/time.tsx';

const PURPOSES: Readonly<Record<string, string>> = {
  'release-signer': 'signed the manifest',
  'release-intermediate': 'vouches for the signer',
  'release-root': 'what devices trust',
};

/** Verified just now, by what the signer and devices verify with. */
export const SignatureTab = ({ release }: { readonly release: string }) => {
  const query = useQuery({
    queryKey: ['releases', 'signature', release],
    queryFn: ({ signal }) => api.releases.getSignature(release, { signal }),
  });
  return (
    <Loaded query={query} title="The signature could not be verified">
      {(signature) => (
        <Stack>
          <Verdict signature={signature} />
          {signature.chain.length === 0 ? null : <Chain signature={signature} />}
          {signature.signed === null ? null : <Signed signed={signature.signed} />}
        </Stack>
      )}
    </Loaded>
  );
};

const Verdict = ({ signature }: { readonly signature: ReleaseSignature }) => {
  const { state, code, message, checkedAt, format } = signature;
  if (state === 'gone')
    return (
      <Alert color="gray" title="The bundle is gone">
        It was removed with the other artifacts of a release that was withdrawn; nothing is left to be
        verified.
      </Alert>
    );
  const isValid = state === 'valid';
  return (
    <Alert
      color={isValid ? 'green' : 'red'}
      icon={isValid ? <IconShieldCheck /> : <IconShieldX />}
      title={isValid ? 'The signature is valid' : `The signature is not valid: ${code ?? ''}`}
    >
      {isValid ? (
        <Text size="sm">Devices that trust this server’s release root take it.</Text>
      ) : (
        <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
          {message} {code !== null && isErrorCode(code) ? ERRORS[code].mend : ''}
        </Text>
      )}
      <Text size="xs" c="dimmed" mt={4}>
        {format ?? 'of no form that is known'} · verified <Time value={checkedAt} as="local" />
      </Text>
    </Alert>
  );
};

const Chain = ({ signature }: { readonly signature: ReleaseSignature }) => (
  <Panel title="Who signed">
    <Timeline
      bulletSize={24}
      lineWidth={2}
      active={signature.state === 'valid' ? signature.chain.length : -1}
    >
      {signature.chain.map(({ purpose, key, subject, serial, algorithm, notBefore, notAfter }) => (
        <Timeline.Item
          key={serial}
          bullet={<IconCertificate size={14} />}
          title={
            <Group gap="xs">
              <Text size="sm" fw={600}>
                {subject}
              </Text>
              <Text size="xs" c="dimmed">
                {PURPOSES[purpose] ?? purpose}
              </Text>
              {new Date(notAfter) < new Date() ? <StateBadge state="expired" /> : null}
            </Group>
          }
        >
          <Text size="sm" component="div">
            {algorithm} · serial <span className="slipway-mono">{serial}</span>
          </Text>
          <Text size="xs" c="dimmed" component="div">
            from <Time value={notBefore} as="local" /> to <Time value={notAfter} as="local" />
          </Text>
          <Text size="xs" component="div">
            key <Copyable text={key} shown={`${key.slice(0, 16)}…`} what="the fingerprint of the key" />
          </Text>
        </Timeline.Item>
      ))}
    </Timeline>
  </Panel>
);

const Signed = ({ signed }: { readonly signed: NonNullable<ReleaseSignature['signed']> }) => (
  <Panel title="What was signed">
    <Stack>
      <Facts
        facts={[
          ['Version', signed.version],
          ['Counter', `${count(signed.counter)}: devices take none below the one they committed`],
          ['Time floor', <Time key="floor" value={signed.timeFloor} as="local" />],
          ['Agent at least', signed.minimumAgent],
          ['Root hash', <Short key="root" text={signed.rootHash} what="the root hash" />],
          [
            'Provenance',
            <Short key="provenance" text={signed.provenance} what="the digest of the provenance" />,
          ],
        ]}
      />
      <Table.ScrollContainer
        minWidth={0}
        type="native"
        tabIndex={0}
        role="region"
        aria-label="Files of the bundle"
      >
        <Table verticalSpacing={6}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th scope="col">File</Table.Th>
              <Table.Th scope="col" ta="right">
                Size
              </Table.Th>
              <Table.Th scope="col" ta="right" visibleFrom="sm">
                Chunks
              </Table.Th>
              <Table.Th scope="col">Digest</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {[{ ...signed.manifest, chunks: null }, ...signed.files].map(({ name, size, digest, chunks }) => (
              <Table.Tr key={name}>
                <Table.Td>{name}</Table.Td>
                <Table.Td ta="right" title={`${count(size)} bytes`}>
                  {bytes(size)}
                </Table.Td>
                <Table.Td ta="right" visibleFrom="sm">
                  {chunks === null ? '–' : count(chunks)}
                </Table.Td>
                <Table.Td>
                  <Short text={digest} what={`the digest of ${name}`} />
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Stack>
  </Panel>
);

const Short = ({ text, what }: { readonly text: string; readonly what: string }) => (
  <Copyable text={text} shown={`${text.slice(0, 19)}…`} what={what} />
);
