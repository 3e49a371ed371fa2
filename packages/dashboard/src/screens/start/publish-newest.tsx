import { Anchor, Button, Group, Loader, Text } from '@mantine/core';
import type { Release } from '@slipway/protocol';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { api } from '../../api.ts';
import { useConfirm } from '../../parts/confirm.tsx';
import { StateBadge } from '../../parts/state-badge.tsx';
import { useAction } from '../../parts/use-action.ts';
import { useMay } from '../../session/session.tsx';
import { Problem, Unless } from './parts.tsx';

/** A draft on its way: being tried, then to be published. */
export const PublishNewest = ({ release }: { readonly release: Release }) => {
  const mayRelease = useMay('release');
  const confirm = useConfirm();
  const { data: qualification } = useQuery({
    queryKey: ['qualifications', release.id],
    queryFn: ({ signal }) => api.releases.getQualification(release.id, { signal }),
  });
  const publish = useAction({
    run: (force: boolean) => api.releases.publish(release.id, force ? { force } : {}),
    done: `${release.deviceClass} ${release.version} is published`,
    stale: ['releases', 'first-run'],
  });
  const state = release.qualification ?? 'skipped';
  const isTried = state === 'pending' || state === 'running';
  const force = async (): Promise<void> => {
    const isSure = await confirm({
      title: `Publish ${release.version} before it has proven itself?`,
      consequences: [
        'It can be rolled out at once, although nobody has seen it boot.',
        'A device that does not come up with it goes back to what it had by itself.',
        'That it was published by force is in the audit log.',
      ],
      action: 'Publish it untried',
    });
    if (isSure) publish.mutate(true);
  };
  return (
    <>
      <Group gap="sm">
        <StateBadge state={state} label={isTried ? 'being tried' : state} />
        <Text size="sm">
          {release.deviceClass} {release.version}
          {isTried && qualification?.step != null ? `, ${qualification.step}` : ''}
        </Text>
        <Anchor component={Link} to={`/releases/${release.id}`} size="sm">
          Its console
        </Anchor>
        {isTried ? <Loader size="xs" aria-label="under way" /> : null}
      </Group>
      {state === 'failed' ? (
        <Problem title={qualification?.code ?? 'It did not prove itself'}>
          {qualification?.message ?? ''}
        </Problem>
      ) : null}
      <Unless isAllowed={mayRelease} access="release">
        <Group gap="sm">
          <Button
            onClick={() => publish.mutate(false)}
            loading={publish.isPending}
            disabled={isTried || state === 'failed'}
          >
            Publish {release.version}
          </Button>
          {isTried || state === 'failed' ? (
            <Button variant="subtle" size="compact-sm" onClick={() => void force()}>
              Publish it untried
            </Button>
          ) : null}
        </Group>
      </Unless>
      {isTried ? (
        <Text size="sm" c="dimmed">
          An emulated machine takes some minutes for it. The button is there once it has passed.
        </Text>
      ) : null}
    </>
  );
};
