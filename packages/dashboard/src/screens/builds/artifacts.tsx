import { Anchor, Group, Text } from '@mantine/core';
import { isBuildOver, type Build } from '@slipway/protocol';
import { IconPackage } from '@tabler/icons-react';
import { Link } from 'react-router';
import { ArtifactTable } from '../../parts/artifact-table.tsx';
import { Empty } from '../../parts/empty.tsx';
import { Panel } from '../../parts/panel.tsx';

/** What came out, with sizes and digests. */
export const Artifacts = ({
  build,
  isBrief = false,
}: {
  readonly build: Build;
  /** without digests */
  readonly isBrief?: boolean;
}) => (
  <Panel title="Artifacts" isFlush>
    <ArtifactTable
      label="List of artifacts"
      artifacts={build.artifacts}
      href={(name) => `/v1/builds/${build.id}/artifacts/${name}`}
      savedAs={(name) => `${build.deviceClass}-${build.version}-${name}`}
      isBrief={isBrief}
      empty={
        <Empty icon={IconPackage} title="Nothing to download">
          {build.state === 'succeeded'
            ? 'The files of this build were removed, as retention says. What they were is still known by the release.'
            : isBuildOver(build)
              ? 'It ended before there was anything, and what it had begun is thrown away. Its log stays.'
              : 'Root, kernel, disks and lists are here once the build has made them.'}
        </Empty>
      }
    />
    {build.state === 'succeeded' && build.artifacts.length > 0 ? (
      <Group p="md" pt="sm">
        <Text size="sm">
          The signed bundle, and what devices start, is with{' '}
          <Anchor component={Link} to={`/releases/${build.release}`} inherit>
            the release
          </Anchor>
          .
        </Text>
      </Group>
    ) : null}
  </Panel>
);
