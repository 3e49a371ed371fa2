import {
  CHUNK_BYTES,
  Manifest,
  ManifestOnDevice,
  ROOT_NAME,
  SBOM_NAME,
  SlipwayError,
  UKI_NAME,
} from '@slipway/protocol';
import type { z } from 'zod';

/** The files of a bundle that its manifest lists, in the order of the archive. */
export const PAYLOAD_ORDER = [UKI_NAME, ROOT_NAME, SBOM_NAME] as const;
export type PayloadName = (typeof PAYLOAD_ORDER)[number];

const VERITY_BLOCK_BYTES = 4096;

const invalid = (why: string, cause?: unknown): SlipwayError =>
  new SlipwayError('BUNDLE_MANIFEST_INVALID', `manifest.json: ${why}; build and sign the release again.`, {
    cause,
  });

/** What a schema cannot say: the order of files, chunk counts that fit the sizes, a root that holds its tree. */
const checkSense = (manifest: z.infer<typeof ManifestOnDevice>): void => {
  for (const [at, name] of PAYLOAD_ORDER.entries()) {
    const file = manifest.files[at];
    if (file?.name !== name) throw invalid(`expected ${name} as file ${at}, found ${file?.name ?? 'none'}`);
    const chunks = Math.ceil(file.size / CHUNK_BYTES);
    if (file.chunks.length !== chunks) {
      throw invalid(`expected ${chunks} chunk digests for ${name}, found ${file.chunks.length}`);
    }
    if (name !== ROOT_NAME) continue;
    if (file.size % VERITY_BLOCK_BYTES !== 0 || file.size / VERITY_BLOCK_BYTES <= manifest.verityDataBlocks) {
      throw invalid(
        `${name} of ${file.size} bytes has no room for a tree behind ${manifest.verityDataBlocks} blocks`,
      );
    }
  }
};

const parseWith = <T extends z.infer<typeof ManifestOnDevice>>(
  bytes: Uint8Array,
  schema: z.ZodType<T>,
): T => {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw invalid('expected JSON', error);
  }
  const result = schema.safeParse(value);
  if (!result.success) {
    const issue = result.error.issues[0];
    throw invalid(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'wrong'}`, result.error);
  }
  checkSense(result.data);
  return result.data;
};

/**
 * Call it on bytes whose signature has been verified, never before.
 *
 * @throws {SlipwayError} BUNDLE_MANIFEST_INVALID
 */
export const parseManifest = (bytes: Uint8Array): Manifest => parseWith(bytes, Manifest);

/** The same, tolerant of keys that newer servers add: old agents must survive them. */
export const parseManifestOnDevice = (bytes: Uint8Array): z.infer<typeof ManifestOnDevice> =>
  parseWith(bytes, ManifestOnDevice);
