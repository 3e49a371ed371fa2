import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { digestFile, digestOf, writeBundle } from '@slipway/bundle';
import { Manifest, type Release } from '@slipway/protocol';
import { signCms, type ReleaseTree } from '@slipway/signing';

/** Puts a bundle into the store as the signer would, with these bytes as the slot. */
export const writeSignedBundle = async (
  storeDir: string,
  release: Release,
  root: Buffer,
  tree: ReleaseTree,
): Promise<void> => {
  const out = join(storeDir, 'bundles', `${release.id}.tar`);
  await mkdir(dirname(out), { recursive: true });
  const file = async (name: string, bytes: string | Buffer): Promise<string> => {
    const path = `${out}.${name}`;
    await writeFile(path, bytes);
    return path;
  };
  const files = {
    'uki.efi': await file('uki', 'a kernel'),
    'root.img': await file('root', root),
    'sbom.cdx.json': await file('sbom', '{}'),
  };
  const manifest = Manifest.parse({
    v: 1,
    format: 'slipway-bundle',
    release: release.id,
    version: release.version,
    counter: release.counter,
    deviceClass: release.deviceClass,
    arch: release.arch,
    build: release.build,
    timeFloor: 0,
    rootHash: release.rootHash,
    verityDataBlocks: 1,
    minimumAgent: '0.1.0',
    provenance: digestOf(new Uint8Array()),
    files: [
      { name: 'uki.efi', ...(await digestFile(files['uki.efi'])) },
      { name: 'root.img', ...(await digestFile(files['root.img'])) },
      { name: 'sbom.cdx.json', ...(await digestFile(files['sbom.cdx.json'])) },
    ],
  });
  const bytes = Buffer.from(JSON.stringify(manifest));
  const signature = signCms(bytes, {
    leafKeyPem: tree.leaf.keyPem,
    leafCertPem: tree.leaf.certificatePem,
    chainPem: tree.intermediate.certificatePem,
  });
  await writeBundle({ manifest: bytes, signature, files, out });
};
