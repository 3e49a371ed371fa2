import { ActionIcon, Button, Group, Progress, Text, Tooltip, VisuallyHidden } from '@mantine/core';
import type { Build } from '@slipway/protocol';
import { IconDownload, IconPackage } from '@tabler/icons-react';
import { Copyable } from '../../parts/copyable.tsx';
import { DataTable, type Column } from '../../parts/data-table.tsx';
import { Empty } from '../../parts/empty.tsx';
import { bytes } from '../../parts/numbers.ts';
import { Panel } from '../../parts/panel.tsx';

type Artifact = Build['artifacts'][number];

const TOLD: Readonly<Record<string, string>> = {
  'uki.efi': 'kernel, initramfs and command line in one signed program',
  'root.img': 'root file system of a slot, with its dm-verity tree',
  'disk.img': 'whole disk for a new device, both slots and data',
  'sbom.cdx.json': 'list of what is in it (CycloneDX)',
  'contents.jsonl.gz': 'every file with its origin',
  'provenance.json': 'what it was made from, by whom (SLSA)',
};

/** What came out, with sizes and digests. */
export const Artifacts = ({
  build,
  isBrief = false,
}: {
  readonly build: Build;
  /** without digests */
  readonly isBrief?: boolean;
}) => {
  const largest = Math.max(1, ...build.artifacts.map(({ size }) => size));
  const columns: readonly Column<Artifact>[] = [
    {
      id: 'name',
      header: 'File',
      cell: ({ name }) => (
        <>
          <Text size="sm" fw={500}>
            {name}
          </Text>
          <Text size="xs" c="dimmed">
            {TOLD[name]}
          </Text>
        </>
      ),
    },
    {
      id: 'size',
      header: 'Size',
      align: 'right',
      width: 140,
      cell: ({ name, size }) => (
        <>
          <Text size="sm">{bytes(size)}</Text>
          <Progress value={(size / largest) * 100} size={4} aria-label={`Size of ${name}: ${bytes(size)}`} />
        </>
      ),
    },
    {
      id: 'digest',
      header: 'Digest',
      from: 'sm',
      cell: ({ name, digest }) => (
        <Copyable text={digest} shown={`${digest.slice(0, 19)}…`} what={`digest of ${name}`} />
      ),
    },
    {
      id: 'get',
      header: <VisuallyHidden>Download</VisuallyHidden>,
      align: 'right',
      width: 60,
      cell: ({ name, size }) => (
        <Tooltip label={`Download ${name}, ${bytes(size)}`}>
          <ActionIcon
            component="a"
            href={`/v1/builds/${build.id}/artifacts/${name}`}
            download={`${build.deviceClass}-${build.version}-${name}`}
            variant="default"
            aria-label={`Download ${name}, ${bytes(size)}`}
          >
            <IconDownload size={16} />
          </ActionIcon>
        </Tooltip>
      ),
    },
  ];
  return (
    <Panel title="Artifacts" isFlush>
      <DataTable
        label="List of artifacts"
        columns={isBrief ? columns.filter(({ id }) => id !== 'digest') : columns}
        rows={build.artifacts}
        rowKey={({ name }) => name}
        empty={
          <Empty icon={IconPackage} title="Nothing to download">
            {build.state === 'succeeded'
              ? 'The files of this build were removed, as retention says. What they were is still known by the release.'
              : 'Root, kernel, disk and lists are here once the build has made them.'}
          </Empty>
        }
      />
      {build.state === 'succeeded' && build.artifacts.length > 0 ? (
        <Group p="md" pt="sm">
          <Button
            component="a"
            href={`/v1/releases/${build.release}/bundle`}
            variant="light"
            size="xs"
            leftSection={<IconDownload size={14} />}
          >
            Signed bundle of the release
          </Button>
        </Group>
      ) : null}
    </Panel>
  );
};
