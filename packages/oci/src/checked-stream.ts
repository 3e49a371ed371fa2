import type { Digest, SlipwayError } from '@slipway/protocol';
import { createHash } from 'node:crypto';
import { pipeline, Transform, type Readable } from 'node:stream';
import { failure } from './failures.ts';

export type Expected = { readonly digest: Digest; readonly size: number };

export const mismatch = (
  ref: string,
  { digest, size }: { readonly digest: Digest; readonly size: number | undefined },
  found: string,
): SlipwayError =>
  failure(
    'COMPONENT_DIGEST_MISMATCH',
    ref,
    `expected blob ${digest}${size === undefined ? '' : ` of ${size} bytes`}, found ${found}; ` +
      `fetch or pack the image again, and find out who changed it if it recurs`,
    { details: { digest } },
  );

/**
 * Passes bytes on and checks them: more than expected, fewer, or others than the digest says end in an error.
 *
 * @param onMismatch called before the error, to drop what is wrong
 */
export const checkedStream = (
  source: Readable,
  expected: Expected,
  ref: string,
  onMismatch: () => void = () => {},
): Readable => {
  const hash = createHash('sha256');
  let size = 0;
  const wrong = (found: string): SlipwayError => {
    onMismatch();
    return mismatch(ref, expected, found);
  };
  const check = new Transform({
    highWaterMark: 256 * 1024,
    transform(chunk: Buffer, _encoding, done) {
      size += chunk.length;
      if (size > expected.size) return done(wrong(`more than ${expected.size} bytes`));
      hash.update(chunk);
      return done(null, chunk);
    },
    flush(done) {
      if (size < expected.size) return done(wrong(`${size} bytes`));
      const digest = `sha256:${hash.digest('hex')}`;
      return digest === expected.digest ? done() : done(wrong(digest));
    },
  });
  // The error of either side reaches whoever reads.
  pipeline(source, check, () => {});
  return check;
};
