import { Button, Group, Select, Text } from '@mantine/core';
import { isBuildOver } from '@slipway/protocol';
import { useState } from 'react';
import { api } from '../../api.ts';
import { useAction } from '../../parts/use-action.ts';
import { useMay } from '../../session/session.tsx';
import { BuildProgress, Unless } from './parts.tsx';
import { useBuilds, useClasses } from './use-newest.ts';

export const BuildStep = () => {
  const mayBuild = useMay('release');
  const classes = useClasses();
  const builds = useBuilds();
  const [chosen, choose] = useState<string | null>(null);
  // Of two architectures that of most machines is emulated faster on most machines.
  const deviceClass =
    chosen ?? (classes.data?.find(({ arch }) => arch === 'amd64') ?? classes.data?.[0])?.name ?? null;
  const build = useAction({
    run: () => api.builds.create({ deviceClass: deviceClass ?? '' }),
    stale: ['builds'],
  });
  const newest = builds.data?.[0];
  const isUnderWay = newest !== undefined && !isBuildOver(newest);
  return (
    <>
      <Text size="sm">
        A build worker puts the parts together: a read-only root file system, a kernel with it, a disk image,
        and one signed bundle that devices update from. The first time it downloads packages.
      </Text>
      {newest === undefined ? null : <BuildProgress build={newest} />}
      {isUnderWay ? null : (
        <Unless isAllowed={mayBuild} access="release">
          <Group align="flex-end" gap="sm">
            <Select
              label="Device class"
              data={
                classes.data?.map(({ name, arch }) => ({ value: name, label: `${name} (${arch})` })) ?? []
              }
              value={deviceClass}
              onChange={choose}
              allowDeselect={false}
              w={240}
            />
            <Button onClick={() => build.mutate()} loading={build.isPending} disabled={deviceClass === null}>
              {newest === undefined ? 'Build' : 'Build again'}
            </Button>
          </Group>
        </Unless>
      )}
    </>
  );
};
