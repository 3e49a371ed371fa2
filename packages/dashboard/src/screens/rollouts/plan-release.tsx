import { Anchor, Checkbox, Select, Stack, Text } from '@mantine/core';
import type { Release } from '@slipway/protocol';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { api } from '../../api.ts';
import { bytes } from '../../parts/numbers.ts';
import { StateBadge } from '../../parts/state-badge.tsx';
import { Time } from '../../parts/time.tsx';
import type { StepProps } from './planner.tsx';

const MOST = 200;

/** Releases that may be rolled out, newest first, and the one that was chosen, whatever it is. */
export const useReleases = () =>
  useQuery({
    queryKey: ['releases', 'to-roll-out'],
    queryFn: async () => {
      const lists = await Promise.all(
        (['published', 'deprecated'] as const).map((state) =>
          api.releases.list({ state, limit: MOST }).all(MOST),
        ),
      );
      return lists.flat();
    },
  });

export const PlanRelease = ({ draft, set }: StepProps) => {
  const releases = useReleases();
  const known = releases.data ?? [];
  const classes = [...new Set(known.map(({ deviceClass }) => deviceClass))];
  const chosen = known.find(({ id }) => id === draft.release);
  return (
    <Stack>
      <Select
        label="Release"
        description="Published releases; a draft is published on its own page first"
        placeholder={releases.isPending ? 'reading …' : 'Choose a release'}
        searchable
        data={classes.map((group) => ({
          group,
          items: known
            .filter(({ deviceClass }) => deviceClass === group)
            .map(({ id, version, state }) => ({
              value: id,
              label: `${version}${state === 'deprecated' ? ' (deprecated)' : ''} · ${group}`,
            })),
        }))}
        value={draft.release === '' ? null : draft.release}
        onChange={(value) => set({ release: value ?? '', force: false })}
        nothingFoundMessage="No published release is like that"
      />
      {known.length === 0 && releases.data !== undefined ? (
        <Text size="sm" c="dimmed">
          Nothing is published yet.{' '}
          <Anchor component={Link} to="/releases" inherit>
            Publish a release
          </Anchor>{' '}
          first.
        </Text>
      ) : null}
      {chosen === undefined ? null : <Chosen release={chosen} />}
      {chosen?.state === 'deprecated' ? (
        <Checkbox
          label="Roll it out although it is deprecated"
          checked={draft.force}
          onChange={({ currentTarget }) => set({ force: currentTarget.checked })}
        />
      ) : null}
    </Stack>
  );
};

const Chosen = ({ release }: { readonly release: Release }) => (
  <Text size="sm" component="div">
    <StateBadge state={release.state} /> for {release.deviceClass}, {bytes(release.bundle.size)}, made{' '}
    <Time value={release.createdAt} />.{' '}
    <Anchor component={Link} to={`/releases/${release.id}`} inherit>
      What it changes
    </Anchor>
  </Text>
);
