import { messageOf, SlipwayError } from '@slipway/protocol';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip, zstdDecompress } from 'node:zlib';
import type { z } from 'zod';
import { digestOf } from './digest.ts';
import { LAYER_COMPRESSION, type Descriptor } from './oci-schema.ts';

const MAX_JSON_BYTES = 4 * 1024 * 1024;
/** bytes of one layer, unpacked; a bomb ends here */
const MAX_LAYER_BYTES = 2 * 1024 ** 3;

const unzip = promisify(gunzip);
const unzstd = promisify(zstdDecompress);

/** @throws {SlipwayError} COMPONENT_INVALID */
export const parseJson = <T>(bytes: Uint8Array, schema: z.ZodType<T>, where: string): T => {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw new SlipwayError('COMPONENT_INVALID', `${where}: expected JSON: ${messageOf(error)}`, {
      cause: error,
    });
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new SlipwayError(
    'COMPONENT_INVALID',
    `${where}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'wrong form'}; rebuild the component`,
    { cause: result.error, details: { component: where } },
  );
};

/** @throws {SlipwayError} COMPONENT_NOT_FOUND if there is none, COMPONENT_DIGEST_MISMATCH if its bytes differ */
export const readBlob = async (
  layout: string,
  descriptor: Descriptor,
  ref: string,
  maxBytes = MAX_JSON_BYTES,
): Promise<Uint8Array> => {
  const path = join(layout, 'blobs', 'sha256', descriptor.digest.slice('sha256:'.length));
  const details = { component: ref, digest: descriptor.digest };
  const mismatch = (found: string): SlipwayError =>
    new SlipwayError(
      'COMPONENT_DIGEST_MISMATCH',
      `${ref}: expected blob ${descriptor.digest} of ${descriptor.size} bytes, found ${found}; ` +
        `fetch or pack the component again`,
      { details },
    );
  const info = await stat(path).catch((error: unknown) => {
    throw new SlipwayError('COMPONENT_NOT_FOUND', `${ref}: blob ${descriptor.digest} is not in the layout`, {
      cause: error,
      details,
    });
  });
  if (info.size !== descriptor.size) throw mismatch(`${info.size} bytes`);
  if (info.size > maxBytes)
    throw new SlipwayError(
      'COMPONENT_INVALID',
      `${ref}: blob ${descriptor.digest} has ${info.size} bytes, allowed are ${maxBytes}`,
      { details },
    );
  const bytes = await readFile(path);
  const digest = digestOf(bytes);
  if (digest !== descriptor.digest) throw mismatch(digest);
  return bytes;
};

/** The tar of a layer, checked against the digest of the unpacked bytes too. */
export const readLayer = async (
  layout: string,
  descriptor: Descriptor,
  diffId: string,
  ref: string,
): Promise<Uint8Array> => {
  const compression = LAYER_COMPRESSION[descriptor.mediaType];
  if (compression === undefined)
    throw new SlipwayError(
      'COMPONENT_INVALID',
      `${ref}: layer type ${descriptor.mediaType} is not supported; allowed: ${Object.keys(LAYER_COMPRESSION).join(', ')}`,
      { details: { component: ref } },
    );
  const packed = await readBlob(layout, descriptor, ref, MAX_LAYER_BYTES);
  let tar: Uint8Array;
  try {
    const limit = { maxOutputLength: MAX_LAYER_BYTES };
    tar =
      compression === 'gzip'
        ? await unzip(packed, limit)
        : compression === 'zstd'
          ? await unzstd(packed, limit)
          : packed;
  } catch (error) {
    throw new SlipwayError(
      'COMPONENT_INVALID',
      `${ref}: layer ${descriptor.digest} does not unpack as ${compression}: ${messageOf(error)}`,
      { cause: error, details: { component: ref, digest: descriptor.digest } },
    );
  }
  const digest = digestOf(tar);
  if (digest !== diffId)
    throw new SlipwayError(
      'COMPONENT_DIGEST_MISMATCH',
      `${ref}: layer ${descriptor.digest}: expected unpacked digest ${diffId}, found ${digest}; pack the component again`,
      { details: { component: ref, digest: descriptor.digest } },
    );
  return tar;
};
