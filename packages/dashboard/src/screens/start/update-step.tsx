import { Anchor, Button, Group, Progress, Text } from '@mantine/core';
import { compareVersions, isBuildOver, isOverRollout, type Execution } from '@slipway/protocol';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { api } from '../../api.ts';
import { bytes } from '../../parts/numbers.ts';
import { StateBadge } from '../../parts/state-badge.tsx';
import { useAction } from '../../parts/use-action.ts';
import { useMay } from '../../session/session.tsx';
import { BuildProgress, Problem, Unless } from './parts.tsx';
import { PublishNewest } from './publish-newest.tsx';
import { useBuilds, useDevices, useReleases, useVirtualDevices } from './use-newest.ts';
import { VirtualDeviceView } from './virtual-device-view.tsx';

/** Something newer than what a device runs is built, published and rolled out to it, one after the other. */
export const UpdateStep = () => {
  const mayRelease = useMay('release');
  const virtual = useVirtualDevices().data ?? [];
  const device = useDevices().data?.find(({ version }) => version !== null);
  const builds = useBuilds().data;
  const releases = useReleases().data;
  const isNewer = ({ deviceClass, version }: { deviceClass: string; version: string }): boolean =>
    device?.deviceClass === deviceClass && compareVersions(version, device.version ?? '0.0.0') > 0;
  const building = builds?.find((build) => isNewer(build));
  const release = releases?.find((one) => isNewer(one) && one.state !== 'withdrawn');
  const build = useAction({
    run: () => api.builds.create({ deviceClass: device?.deviceClass ?? '', force: true }),
    stale: ['builds'],
  });
  if (device === undefined)
    return (
      <Text size="sm" c="dimmed">
        The device is coming up; it says what it runs once it is connected.
      </Text>
    );
  return (
    <>
      <Text size="sm">
        <b>{device.id}</b> runs {device.deviceClass} {device.version}. A newer release goes into its other
        slot while it works, is booted once for trial, and must pass its health gates; only then it is kept.
        Change something in its{' '}
        <Anchor component={Link} to={`/classes/${device.deviceClass}`} size="sm" underline="always">
          image file
        </Anchor>{' '}
        first if you like, such as the text of its web page.
      </Text>
      {release === undefined ? (
        <>
          {building === undefined ? null : <BuildProgress build={building} />}
          {building !== undefined && !isBuildOver(building) ? null : (
            <Unless isAllowed={mayRelease} access="release">
              <Group>
                <Button onClick={() => build.mutate()} loading={build.isPending}>
                  Build the next version
                </Button>
              </Group>
            </Unless>
          )}
        </>
      ) : release.state === 'draft' ? (
        <PublishNewest release={release} />
      ) : (
        <RollOut release={release.id} version={release.version} device={device.id} />
      )}
      {virtual.map((one) => (
        <VirtualDeviceView key={one.id} device={one} isOpen={false} />
      ))}
    </>
  );
};

type RollOutProps = { readonly release: string; readonly version: string; readonly device: string };

const RollOut = ({ release, version, device }: RollOutProps) => {
  const mayRelease = useMay('release');
  const { data: rollouts } = useQuery({
    queryKey: ['rollouts', 'of', release],
    queryFn: async ({ signal }) =>
      (await api.rollouts.list({ limit: 20 }, { signal }).all(20)).filter((one) => one.release === release),
  });
  const rollout = rollouts?.[0];
  const { data: execution } = useQuery({
    queryKey: ['executions', rollout?.id, device],
    queryFn: async ({ signal }) =>
      (await api.rollouts.listExecutions(rollout?.id ?? '', { limit: 20 }, { signal }).all(20)).find(
        (one) => one.device === device,
      ) ?? null,
    enabled: rollout !== undefined,
  });
  const start = useAction({
    // A device that has given a release up takes it again only when a higher number asks it to.
    run: () =>
      api.rollouts.create({
        release,
        devices: [device],
        ...(rollouts === undefined || rollouts.length === 0 ? {} : { policy: { retry: rollouts.length } }),
      }),
    done: `${version} is on its way to ${device}`,
    stale: ['rollouts'],
  });
  if (rollouts === undefined) return null;
  if (rollout === undefined)
    return (
      <Unless isAllowed={mayRelease} access="release">
        <Group gap="sm">
          <Button onClick={() => start.mutate()} loading={start.isPending}>
            Roll {version} out to {device}
          </Button>
          <Text size="sm" c="dimmed">
            One device, at once. A fleet takes it in waves.
          </Text>
        </Group>
      </Unless>
    );
  return (
    <>
      <Group gap="sm">
        {execution == null ? <StateBadge state={rollout.state} /> : <StateBadge state={execution.state} />}
        <Text size="sm">
          {version} on {device}
        </Text>
        <Anchor component={Link} to={`/rollouts/${rollout.id}`} size="sm">
          The rollout
        </Anchor>
      </Group>
      {execution == null ? null : <Progressing execution={execution} />}
      {isOverRollout(rollout.state) && execution?.state !== 'COMMITTED' ? (
        <Unless isAllowed={mayRelease} access="release">
          <Group gap="sm">
            <Button onClick={() => start.mutate()} loading={start.isPending}>
              Roll it out once more
            </Button>
            <Text size="sm" c="dimmed">
              A busy machine may be too slow for a virtual device to prove a release; it is safe to try again.
            </Text>
          </Group>
        </Unless>
      ) : null}
    </>
  );
};

const SAID: Readonly<Partial<Record<Execution['state'], string>>> = {
  OFFERED: 'It is told that there is something new.',
  ACCEPTED: 'It begins.',
  DOWNLOADING: 'It downloads the blocks that it does not have.',
  VERIFIED: 'Every block and the signature are right.',
  INSTALLING: 'It writes the other slot; what runs goes on.',
  REBOOTING: 'It restarts into the other slot, for one trial.',
  TRIAL: 'It runs the new release, and its health gates are asked.',
  COMMITTED: 'The new release has proven itself and is kept.',
  ROLLED_BACK: 'The new release did not prove itself. It is back on the old one.',
};

const Progressing = ({ execution }: { readonly execution: Execution }) => {
  const { state, bytesDone, bytesTotal, code, message } = execution;
  return (
    <>
      <Text size="sm" role="status">
        {SAID[state] ?? ''}
      </Text>
      {bytesTotal > 0 && (state === 'DOWNLOADING' || state === 'ACCEPTED' || state === 'INSTALLING') ? (
        <Group gap="sm" wrap="nowrap">
          <Progress value={(bytesDone / bytesTotal) * 100} flex={1} animated aria-label="Downloaded" />
          <Text size="sm" c="dimmed">
            {bytes(bytesDone)} of {bytes(bytesTotal)}
          </Text>
        </Group>
      ) : null}
      {code === null ? null : <Problem title={code}>{message ?? ''}</Problem>}
    </>
  );
};
