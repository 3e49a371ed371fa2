import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { OverlayDisk, SECTOR, type Disk } from '../../block/overlay-disk.ts';
import type { LogEntry } from '../../block/write-log.ts';
import { diskAfter, mediumAfter, RegionWrites, unflushed, type Cut } from './cut.ts';

const SECTORS = 8;
const blank: Disk = { size: SECTORS * SECTOR, read: (_, length) => Buffer.alloc(length) };

const write = (
  device: 'disk' | 'vars',
  sector: number,
  fill: number,
  sectors = 1,
  fua = false,
): LogEntry => ({
  kind: 'write',
  device,
  offset: sector * SECTOR,
  bytes: Buffer.alloc(sectors * SECTOR, fill),
  fua,
});
const flush: LogEntry = { kind: 'flush', device: 'disk' };
const mark: LogEntry = { kind: 'mark', what: 'status', detail: null };

/** First byte of every sector. */
const seen = (log: readonly LogEntry[], cut: Cut, device: 'disk' | 'vars' = 'disk'): number[] => {
  const disk = diskAfter(blank, device, log, mediumAfter(log, cut));
  return Array.from({ length: SECTORS }, (_, sector) => disk.read(sector * SECTOR, 1)[0] ?? 0);
};

describe('what is on the medium after a cut', () => {
  const log = [
    write('disk', 0, 1, 2),
    flush,
    write('disk', 1, 2, 3),
    write('vars', 0, 9),
    mark,
    write('disk', 6, 3),
  ];

  test('a prefix has all that was asked for and nothing more', () => {
    expect(seen(log, { kind: 'prefix', boundary: 1 })).toEqual([1, 1, 0, 0, 0, 0, 0, 0]);
    expect(seen(log, { kind: 'prefix', boundary: 3 })).toEqual([1, 2, 2, 2, 0, 0, 0, 0]);
    expect(seen(log, { kind: 'prefix', boundary: log.length })).toEqual([1, 2, 2, 2, 0, 0, 3, 0]);
  });

  test('a torn write has its first sectors', () => {
    expect(seen(log, { kind: 'torn', boundary: 2, sectors: 2 })).toEqual([1, 2, 2, 0, 0, 0, 0, 0]);
  });

  test('what was flushed, or written to the flash of the firmware, is never lost', () => {
    for (let seed = 0; seed < 50; seed++) {
      const cut: Cut = { kind: 'lost', boundary: log.length, seed };
      expect(seen(log, cut)[0]).toBe(1);
      expect(seen(log, cut, 'vars')[0]).toBe(9);
    }
  });

  test('every part of what was not flushed is lost by some seed, and kept by another', () => {
    const media = new Set(
      Array.from({ length: 200 }, (_, seed) =>
        seen(log, { kind: 'lost', boundary: log.length, seed }).join(),
      ),
    );
    expect(media).toContain('1,1,0,0,0,0,0,0');
    expect(media).toContain('1,2,2,2,0,0,3,0');
    expect(media).toContain('1,1,0,0,0,0,3,0');
    expect(media).toContain('1,2,0,0,0,0,0,0');
  });

  test('a write with FUA is safe, those before it are not', () => {
    const fua = [write('disk', 0, 1), write('disk', 1, 2, 1, true)];
    expect(unflushed(fua, 2)).toEqual([0]);
    const media = Array.from({ length: 20 }, (_, seed) => seen(fua, { kind: 'lost', boundary: 2, seed }));
    expect(media.every((medium) => medium[1] === 2)).toBe(true);
    expect(media.some((medium) => medium[0] === 0)).toBe(true);
  });
});

test('cuts of the same version leave the same bytes in a region', () => {
  const entry = fc.oneof(
    fc.constant(flush),
    fc
      .tuple(fc.nat(SECTORS - 3), fc.integer({ min: 1, max: 255 }), fc.integer({ min: 1, max: 3 }))
      .map(([sector, fill, sectors]) => write('disk', sector, fill, sectors)),
  );
  const region = { device: 'disk', offset: 2 * SECTOR, size: 3 * SECTOR } as const;
  fc.assert(
    fc.property(fc.array(entry, { minLength: 1, maxLength: 12 }), fc.nat(99), (log, seed) => {
      const writes = new RegionWrites(log, region);
      const known = new Map<string, string>();
      for (let boundary = 0; boundary <= log.length; boundary++)
        for (const cut of [
          { kind: 'prefix', boundary },
          { kind: 'lost', boundary, seed },
        ] as const) {
          const medium = mediumAfter(log, cut);
          const bytes = diskAfter(blank, 'disk', log, medium)
            .read(region.offset, region.size)
            .toString('hex');
          const alone = diskAfter(blank, 'disk', log, medium, region).read(region.offset, region.size);
          expect(alone.toString('hex')).toBe(bytes);
          const version = writes.versionAfter(medium);
          expect(known.get(version) ?? bytes).toBe(bytes);
          known.set(version, bytes);
        }
    }),
  );
});

test('an overlay reads what was written last, at any place', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(3000), fc.uint8Array({ minLength: 1, maxLength: 900 })), { maxLength: 8 }),
      (writes) => {
        const whole = Buffer.alloc(SECTORS * SECTOR);
        const disk = new OverlayDisk(blank);
        for (const [offset, bytes] of writes) {
          Buffer.from(bytes).copy(whole, offset);
          disk.write(offset, Buffer.from(bytes));
        }
        expect(disk.read(0, whole.length).equals(whole)).toBe(true);
        expect(disk.read(700, 1000).equals(whole.subarray(700, 1700))).toBe(true);
      },
    ),
  );
});
