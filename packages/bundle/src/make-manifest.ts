import { Manifest, type BuildResult, type Digest } from '@slipway/protocol';
import type { FileDigest } from './digest-file.ts';
import { PAYLOAD_ORDER, type PayloadName } from './manifest.ts';

/** The first agent that knows this format of bundle. */
const MINIMUM_AGENT = '0.1.0';

/**
 * The bytes that are signed for a build.
 *
 * @param declaration digest of the exact bytes of its `result.json`
 */
export const makeManifest = (
  result: BuildResult,
  declaration: Digest,
  files: ReadonlyMap<PayloadName, FileDigest>,
): Uint8Array => {
  const manifest = Manifest.parse({
    v: 1,
    format: 'slipway-bundle',
    release: result.release,
    version: result.version,
    counter: result.counter,
    deviceClass: result.deviceClass,
    arch: result.arch,
    build: result.build,
    timeFloor: result.timeFloor,
    rootHash: result.rootHash,
    verityDataBlocks: result.verityDataBlocks,
    minimumAgent: MINIMUM_AGENT,
    provenance: declaration,
    files: PAYLOAD_ORDER.map((name) => ({ name, ...files.get(name) })),
  });
  return Buffer.from(`${JSON.stringify(manifest)}\n`);
};
