import { Alert, Button, Group, Progress, Stack, Text } from '@mantine/core';
import { verifyAudit, type AuditEntry, type AuditHead } from '@slipway/protocol';
import { IconDownload, IconLink, IconShieldCheck } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../../api.ts';
import { Copyable } from '../../parts/copyable.tsx';
import { Failure } from '../../parts/failure.tsx';
import { count, counted } from '../../parts/numbers.ts';
import { Panel } from '../../parts/panel.tsx';
import { saveText } from '../../parts/save-text.ts';
import { Time } from '../../parts/time.tsx';
import { keepHead, readKeptHead } from './kept-head.ts';

const PAGE = 1000;
const wholeLog = () => api.audit.list({ order: 'oldest', limit: PAGE });

/** Passes entries on and says now and then how many there were. */
async function* counting(
  entries: AsyncIterable<AuditEntry>,
  tell: (seen: number) => void,
): AsyncGenerator<AuditEntry> {
  let seen = 0;
  for await (const entry of entries) {
    seen += 1;
    if (seen % PAGE === 0) tell(seen);
    yield entry;
  }
  tell(seen);
}

/** The hashes are calculated here, in the browser: that nothing was altered need not be taken from the server on trust. */
const verify = async (tell: (seen: number) => void): Promise<AuditHead> => {
  const head = await verifyAudit(counting(wholeLog(), tell), readKeptHead(localStorage)?.hash);
  keepHead(localStorage, head, new Date().toISOString());
  return head;
};

const download = async (tell: (seen: number) => void): Promise<void> => {
  const lines: string[] = [];
  for await (const entry of counting(wholeLog(), tell)) lines.push(`${JSON.stringify(entry)}\n`);
  saveText(`slipway-audit-${new Date().toISOString().slice(0, 10)}.jsonl`, lines, 'application/jsonl');
};

export const Chain = () => {
  const [seen, setSeen] = useState(0);
  const { data: head } = useQuery({
    queryKey: ['audit', 'head'],
    queryFn: ({ signal }) => api.audit.getHead({ signal }),
  });
  const check = useMutation({ mutationFn: () => verify(setSeen) });
  const save = useMutation({ mutationFn: () => download(setSeen) });
  const isBusy = check.isPending || save.isPending;
  const kept = readKeptHead(localStorage);
  const canHash = globalThis.isSecureContext;
  return (
    <Panel
      title="The chain"
      actions={
        <>
          <Button
            size="xs"
            leftSection={<IconShieldCheck size={16} />}
            onClick={() => check.mutate()}
            loading={check.isPending}
            disabled={isBusy || !canHash}
          >
            Verify it
          </Button>
          <Button
            size="xs"
            variant="default"
            leftSection={<IconDownload size={16} />}
            onClick={() => save.mutate()}
            loading={save.isPending}
            disabled={isBusy}
          >
            Export
          </Button>
        </>
      }
    >
      <Stack gap="xs">
        <Group gap="sm" mih={28}>
          <IconLink size={18} aria-hidden />
          <Text size="sm">
            {head === undefined ? 'Entries are counted …' : counted(head.sequence, 'entry', 'entries')}, each
            with the hash of the one before. The last:
          </Text>
          {head === undefined ? null : (
            <Copyable
              text={head.hash}
              shown={`${head.hash.slice(0, 16)}…`}
              what="the hash of the last entry"
            />
          )}
        </Group>
        {isBusy ? (
          <Group gap="sm" wrap="nowrap">
            <Progress
              flex={1}
              value={head === undefined || head.sequence === 0 ? 0 : (seen / head.sequence) * 100}
              animated
              aria-label="Read"
            />
            <Text size="sm" c="dimmed">
              {count(seen)} read
            </Text>
          </Group>
        ) : null}
        {check.error === null ? null : <Failure error={check.error} title="The log does not hold together" />}
        {save.error === null ? null : <Failure error={save.error} title="The log could not be exported" />}
        {check.data === undefined ? (
          <Text size="sm" c="dimmed">
            {canHash ? (
              kept === undefined ? (
                'This browser has not verified it yet. What it finds at the end it keeps, so that it notices later if entries were cut off.'
              ) : (
                <>
                  This browser found it in order <Time value={kept.at} />, up to entry {count(kept.sequence)};
                  the next time that entry must still be there.
                </>
              )
            ) : (
              'Browsers calculate hashes only for pages that come over HTTPS or from this machine. At a shell: slipway audit verify'
            )}
          </Text>
        ) : (
          <Alert
            color="green"
            icon={<IconShieldCheck />}
            title="Each entry is as it was written"
            role="status"
          >
            <Text size="sm">
              {counted(check.data.sequence, 'entry', 'entries')} were read and hashed in this browser. Keep
              the hash of the last one elsewhere from time to time:{' '}
              <code>slipway audit verify --head HASH</code> demands that it is still there.
            </Text>
            <Copyable text={check.data.hash} what="the head" />
          </Alert>
        )}
      </Stack>
    </Panel>
  );
};
