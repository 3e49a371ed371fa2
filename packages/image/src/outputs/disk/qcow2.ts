import type { Piece } from '@slipway/components';
import { BLOCK_BYTES, usedGroups, type SparseDisk } from './sparse-disk.ts';

const CLUSTER_BYTES = BLOCK_BYTES;
const CLUSTER_BITS = 16;
/** log2 of the bits of a reference count */
const REFCOUNT_ORDER = 4;
const COUNTS_PER_CLUSTER = CLUSTER_BYTES / 2;
const ENTRIES_PER_CLUSTER = CLUSTER_BYTES / 8;
/** QCOW_OFLAG_COPIED: nobody else refers to it, so it is written to in place */
const COPIED = 1n << 63n;

const HEADER_BYTES = 104;

/** Clusters that count themselves and all others. */
const refcountBlocks = (others: number): number => {
  for (let blocks = 1; ; blocks++) if ((others + blocks) / COUNTS_PER_CLUSTER <= blocks) return blocks;
};

/**
 * A qcow2 image: tables first, then the clusters that hold anything in the order of the disk, as they are.
 *
 * @see QEMU's docs/interop/qcow2.rst, version 3
 */
export const qcow2Pieces = (disk: SparseDisk): Piece[] => {
  const used = usedGroups(disk, CLUSTER_BYTES);
  const bytesPerTable = ENTRIES_PER_CLUSTER * CLUSTER_BYTES;
  const tables = [...new Set(used.map((at) => Math.floor(at / bytesPerTable)))];
  const firstTables = Math.ceil(Math.ceil(disk.size / bytesPerTable) / ENTRIES_PER_CLUSTER);
  // Header and table of reference counts are one cluster each.
  const counts = refcountBlocks(2 + firstTables + tables.length + used.length);
  const place = (cluster: number): bigint => BigInt(cluster * CLUSTER_BYTES);
  const firstTableAt = 2 + counts;
  const tablesAt = firstTableAt + firstTables;
  const dataAt = tablesAt + tables.length;
  const clusters = dataAt + used.length;

  const header = Buffer.alloc(CLUSTER_BYTES);
  header.write('QFI\u00fb', 'latin1');
  header.writeUInt32BE(3, 4);
  header.writeUInt32BE(CLUSTER_BITS, 20);
  header.writeBigUInt64BE(BigInt(disk.size), 24);
  header.writeUInt32BE(Math.ceil(disk.size / bytesPerTable), 36);
  header.writeBigUInt64BE(place(firstTableAt), 40);
  header.writeBigUInt64BE(place(1), 48);
  header.writeUInt32BE(1, 56);
  header.writeUInt32BE(REFCOUNT_ORDER, 96);
  header.writeUInt32BE(HEADER_BYTES, 100);

  const countTable = Buffer.alloc(CLUSTER_BYTES);
  for (let block = 0; block < counts; block++) countTable.writeBigUInt64BE(place(2 + block), block * 8);
  const countBlocks = Buffer.alloc(counts * CLUSTER_BYTES);
  for (let cluster = 0; cluster < clusters; cluster++) countBlocks.writeUInt16BE(1, cluster * 2);

  const firstTable = Buffer.alloc(firstTables * CLUSTER_BYTES);
  const tableBytes = Buffer.alloc(tables.length * CLUSTER_BYTES);
  for (const [index, table] of tables.entries())
    firstTable.writeBigUInt64BE(place(tablesAt + index) | COPIED, table * 8);
  for (const [index, at] of used.entries()) {
    const table = tables.indexOf(Math.floor(at / bytesPerTable));
    const entry = Math.floor((at % bytesPerTable) / CLUSTER_BYTES);
    tableBytes.writeBigUInt64BE(place(dataAt + index) | COPIED, table * CLUSTER_BYTES + entry * 8);
  }
  return [
    header,
    countTable,
    countBlocks,
    firstTable,
    tableBytes,
    ...disk.runs.map(({ content }) => content),
  ];
};
