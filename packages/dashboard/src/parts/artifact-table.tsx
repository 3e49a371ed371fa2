import { ActionIcon, Progress, Text, Tooltip, VisuallyHidden } from '@mantine/core';
import type { Artifact } from '@slipway/protocol';
import { IconDownload } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { Copyable } from './copyable.tsx';
import { DataTable, type Column } from './data-table.tsx';
import { bytes } from './numbers.ts';

const TOLD: Readonly<Record<string, string>> = {
  'uki.efi': 'kernel, initramfs and command line in one signed program',
  'root.img': 'root file system of a slot, with its dm-verity tree',
  'disk.img': 'whole disk for a new device, both slots and data',
  'disk.qcow2': 'the disk for QEMU, libvirt, OpenStack',
  'disk.vmdk': 'the disk for vSphere and VirtualBox',
  'disk.vhd': 'the disk for Azure',
  'disk-dynamic.vhd': 'the disk for Hyper-V',
  'disk.img.tar.gz': 'the disk for Google Cloud',
  'disk.raw': 'the disk for AWS, in whole GiB',
  'bundle.tar': 'signed update for devices that run another release',
  'sbom.cdx.json': 'list of what is in it (CycloneDX)',
  'contents.jsonl.gz': 'every file with its origin',
  'provenance.json': 'what it was made from, by whom (SLSA)',
};

/** Files to download, with sizes and digests. */
export const ArtifactTable = ({
  label,
  artifacts,
  href,
  savedAs,
  isBrief = false,
  empty,
}: {
  readonly label: string;
  readonly artifacts: readonly Artifact[];
  readonly href: (name: string) => string;
  readonly savedAs: (name: string) => string;
  /** without digests */
  readonly isBrief?: boolean;
  readonly empty: ReactNode;
}) => {
  const largest = Math.max(1, ...artifacts.map(({ size }) => size));
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
            href={href(name)}
            download={savedAs(name)}
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
    <DataTable
      label={label}
      columns={isBrief ? columns.filter(({ id }) => id !== 'digest') : columns}
      rows={artifacts}
      rowKey={({ name }) => name}
      empty={empty}
    />
  );
};
