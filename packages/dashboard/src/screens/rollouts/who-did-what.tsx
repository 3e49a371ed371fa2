import { Text, Timeline } from '@mantine/core';
import type { AuditEntry } from '@slipway/protocol';
import { useQuery } from '@tanstack/react-query';
import { api } from '../../api.ts';
import { Loaded } from '../../parts/loaded.tsx';
import { Panel } from '../../parts/panel.tsx';
import { Time } from '../../parts/time.tsx';

const MOST = 50;

const WORDS: Readonly<Record<string, string>> = {
  'rollout.create': 'Created',
  'rollout.approve': 'Approved',
  'rollout.pause': 'Paused',
  'rollout.resume': 'Resumed',
  'rollout.abort': 'Aborted',
  'rollout.rollback': 'Rolled back',
  'rollout.limits': 'Limits changed',
  'rollout.policy': 'Policy changed',
};

const saidIn = ({ details }: AuditEntry): string | undefined => {
  const said = details['reason'] ?? details['comment'];
  return typeof said === 'string' ? said : undefined;
};

/** What people did with the rollout, from the audit log, which admins may read. */
export const WhoDidWhat = ({ rollout }: { readonly rollout: string }) => {
  const query = useQuery({
    queryKey: ['rollouts', 'audit', rollout],
    queryFn: () => api.audit.list({ subject: rollout, limit: MOST }).all(MOST),
  });
  return (
    <Panel title="Who did what">
      <Loaded query={query} title="The audit log could not be read">
        {(entries) => (
          <Timeline bulletSize={12} lineWidth={2} active={entries.length}>
            {entries.map((entry) => (
              <Timeline.Item
                key={entry.sequence}
                title={
                  <Text size="sm" fw={500}>
                    {WORDS[entry.action] ?? entry.action}
                  </Text>
                }
              >
                <Text size="xs" c="dimmed">
                  by {entry.actor}, <Time value={entry.at} />
                </Text>
                {saidIn(entry) === undefined ? null : <Text size="sm">“{saidIn(entry)}”</Text>}
              </Timeline.Item>
            ))}
          </Timeline>
        )}
      </Loaded>
    </Panel>
  );
};
