const SLAB_BYTES = 64 * 1024;

/**
 * Hands out small zeroed buffers, many from one allocation: archives have a header per file, and one allocation per
 * header costs more than filling it.
 */
export const createHeaderSlab = (): ((bytes: number) => Buffer) => {
  let slab = Buffer.alloc(0);
  let used = 0;
  return (bytes) => {
    if (used + bytes > slab.length) {
      slab = Buffer.alloc(Math.max(SLAB_BYTES, bytes));
      used = 0;
    }
    const part = slab.subarray(used, used + bytes);
    used += bytes;
    return part;
  };
};
