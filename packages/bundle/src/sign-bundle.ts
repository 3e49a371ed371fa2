import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BuildResult, type Digest } from '@slipway/protocol';
import { signCms } from '@slipway/signing';
import { digestFile, digestOf } from './digest-file.ts';
import { makeManifest } from './make-manifest.ts';
import { PAYLOAD_ORDER } from './manifest.ts';
import { writeBundle } from './write-bundle.ts';

/** PEM. */
export type BundleSigner = Parameters<typeof signCms>[1];

/**
 * Signs a build of this machine, whose outputs nobody else may write to: unlike the signer of a server, it believes what
 * the build declares.
 *
 * @param folder of `result.json` and the files of the slot
 * @throws {SlipwayError} as `writeBundle`
 */
export const signBundle = async (
  folder: string,
  signer: BundleSigner,
  out: string,
): Promise<{ digest: Digest; size: number }> => {
  const declaration = await readFile(join(folder, 'result.json'));
  const result = BuildResult.parse(JSON.parse(declaration.toString()));
  const paths = {
    'uki.efi': join(folder, 'uki.efi'),
    'root.img': join(folder, 'root.img'),
    'sbom.cdx.json': join(folder, 'sbom.cdx.json'),
  };
  const files = new Map(
    await Promise.all(PAYLOAD_ORDER.map(async (name) => [name, await digestFile(paths[name])] as const)),
  );
  const manifest = makeManifest(result, digestOf(declaration), files);
  return writeBundle({ manifest, signature: signCms(manifest, signer), files: paths, out });
};
