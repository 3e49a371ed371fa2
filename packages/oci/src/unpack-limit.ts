import { failure } from './failures.ts';

const MAX_BYTES = 64 * 1024 ** 3;
/** What is no larger than this may be packed as tightly as it likes. */
const FREE_BYTES = 1024 ** 3;
/** Real layers of programs and data stay far below; deflate and zstd reach more than a thousand with zeros alone. */
const MAX_RATIO = 200;

/** Stops what is small as it lies there and fills a disk when it is unpacked. */
export type UnpackLimit = {
  /** told of every byte before it is unpacked */
  readonly packed: (bytes: number) => void;
  /** @throws {SlipwayError} LAYER_UNSAFE */
  readonly unpacked: (bytes: number) => void;
};

/** @param what is unpacked, named in errors with its image: `a layer` */
export const createUnpackLimit = (
  ref: string,
  what: string,
  { freeBytes = FREE_BYTES }: { readonly freeBytes?: number } = {},
): UnpackLimit => {
  let packed = 0;
  let unpacked = 0;
  const refuse = (why: string) => failure('LAYER_UNSAFE', ref, `${what} unpacks to ${why}`);
  return {
    packed: (bytes) => {
      packed += bytes;
    },
    unpacked: (bytes) => {
      unpacked += bytes;
      if (unpacked > MAX_BYTES) throw refuse(`more than ${MAX_BYTES} bytes`);
      if (packed > 0 && unpacked > freeBytes && unpacked > packed * MAX_RATIO)
        throw refuse(
          `more than ${MAX_RATIO} times its size, ${unpacked} bytes so far; if that is meant, store it uncompressed`,
        );
    },
  };
};
