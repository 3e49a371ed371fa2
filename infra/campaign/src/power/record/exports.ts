import type { OverlayDisk } from '../../block/overlay-disk.ts';
import type { Export } from '../../block/nbd-server.ts';
import type { DeviceName, LogEntry } from '../../block/write-log.ts';

/** A disk whose writes are kept in memory and put down in a log, in the order in which they came. */
export const recordedExport = (
  device: DeviceName,
  disk: OverlayDisk,
  record: (entry: LogEntry) => void,
): Export => ({
  size: disk.size,
  read: (offset, length) => disk.read(offset, length),
  write: (offset, bytes, fua) => {
    record({ kind: 'write', device, offset, bytes, fua });
    disk.write(offset, bytes);
  },
  flush: () => record({ kind: 'flush', device }),
});

/** A disk whose writes are kept in memory. */
export const plainExport = (disk: OverlayDisk): Export => ({
  size: disk.size,
  read: (offset, length) => disk.read(offset, length),
  write: (offset, bytes) => disk.write(offset, bytes),
  flush: () => undefined,
});
