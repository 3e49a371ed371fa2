import { messageOf, SlipwayError } from '@slipway/protocol';
import { gunzipSync } from 'node:zlib';

/** Linux x86 boot protocol 2.08: Documentation/arch/x86/boot.rst of the kernel. */
const BZIMAGE = {
  setupSectors: 0x1f1,
  bootFlag: 0x1fe,
  header: 0x202,
  payloadOffset: 0x248,
  payloadLength: 0x24c,
  end: 0x250,
} as const;
const SECTOR_BYTES = 512;
/** No kernel is larger unpacked. */
const MAX_KERNEL_BYTES = 512 * 1024 * 1024;

const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

const payloadOf = (bytes: Uint8Array): Uint8Array | undefined => {
  if (bytes.length < BZIMAGE.end) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const isBzImage =
    view.getUint16(BZIMAGE.bootFlag, true) === 0xaa55 &&
    Buffer.from(bytes.subarray(BZIMAGE.header, BZIMAGE.header + 4)).toString('latin1') === 'HdrS';
  if (!isBzImage) return undefined;
  const start =
    view.getUint32(BZIMAGE.payloadOffset, true) + (view.getUint8(BZIMAGE.setupSectors) + 1) * SECTOR_BYTES;
  return bytes.subarray(start, start + view.getUint32(BZIMAGE.payloadLength, true));
};

/**
 * Unpacks a kernel: one that is gzip itself, or a bzImage with gzip inside.
 *
 * @throws {SlipwayError} COMPONENT_INVALID
 */
export const decompressKernel = (bytes: Uint8Array, ref: string): Uint8Array => {
  const packed = isGzip(bytes) ? bytes : payloadOf(bytes);
  const fail = (found: string, cause?: unknown): never => {
    throw new SlipwayError(
      'COMPONENT_INVALID',
      `kernel ${ref}: expected a kernel compressed by gzip, plain or in a bzImage, found ${found}; build without --decompress-kernel`,
      { cause, details: { component: ref } },
    );
  };
  if (packed === undefined || !isGzip(packed)) return fail('another format');
  try {
    return new Uint8Array(gunzipSync(packed, { maxOutputLength: MAX_KERNEL_BYTES }));
  } catch (error) {
    return fail(messageOf(error), error);
  }
};
