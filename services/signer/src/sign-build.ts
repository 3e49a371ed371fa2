import { lstat, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  digestOf,
  makeManifest,
  PAYLOAD_ORDER,
  type FileDigest,
  type PayloadName,
  writeBundle,
} from '@slipway/bundle';
import {
  type ArtifactName,
  type BuildId,
  BuildRequest,
  BuildResult,
  codeOf,
  DEFAULT_PROFILE,
  type DiskArtifact,
  type JobProgress,
  type SigningProfile,
  SignResult,
  SlipwayError,
} from '@slipway/protocol';
import { signCms, verifyCms } from '@slipway/signing';
import type { SignerConfig } from './config.ts';
import type { KeyRing } from './keys.ts';
import { assertAsked, assertBoots } from './policy.ts';
import { recordClaim } from './signing-log.ts';
import { dbKey, signDisks, signUki } from './secure-boot.ts';
import { compareArtifact, type Declared, readPlain, stageArtifact } from './stage.ts';
import { tellBytes } from './tell-bytes.ts';
import { readUki } from './uki.ts';
import { verifyVerity } from './verity.ts';

const MAX_JSON_BYTES = 16 * 1024 * 1024;

const mismatch = (why: string, cause?: unknown): SlipwayError =>
  new SlipwayError(
    'SIGN_INPUT_MISMATCH',
    `${why}. Treat the builder as compromised until explained; build again.`,
    {
      cause,
    },
  );

const parseJson = <T>(bytes: Uint8Array, schema: { parse: (value: unknown) => T }, name: string): T => {
  try {
    return schema.parse(JSON.parse(Buffer.from(bytes).toString()));
  } catch (error) {
    throw mismatch(`${name}: it does not have the form of the protocol`, error);
  }
};

type Declaration = {
  readonly request: BuildRequest;
  readonly result: BuildResult;
  readonly bytes: Uint8Array;
};

const readDeclaration = async (folder: string, buildId: BuildId): Promise<Declaration> => {
  const info = await lstat(folder).catch((error: unknown) => {
    throw mismatch(`There is no build ${buildId} in the store`, error);
  });
  if (!info.isDirectory()) throw mismatch(`Expected ${buildId} in the store to be a directory`);
  const requestBytes = await readPlain(join(folder, 'request.json'), 'request.json', MAX_JSON_BYTES);
  const bytes = await readPlain(join(folder, 'result.json'), 'result.json', MAX_JSON_BYTES);
  const request = parseJson(requestBytes, BuildRequest, 'request.json');
  const result = parseJson(bytes, BuildResult, 'result.json');
  if (request.build !== buildId)
    throw mismatch(`request.json: expected build ${buildId}, found ${request.build}`);
  const digest = digestOf(requestBytes);
  if (result.request !== digest) {
    throw mismatch(`result.json: built from the request ${result.request}, but request.json is ${digest}`);
  }
  return { request, result, bytes };
};

const declaredOf = (result: BuildResult): ReadonlyMap<ArtifactName, Declared> => {
  const declared = new Map(result.artifacts.map((artifact) => [artifact.name, artifact]));
  if (declared.size !== result.artifacts.length) throw mismatch('result.json: it declares an artifact twice');
  for (const name of PAYLOAD_ORDER) {
    if (!declared.has(name)) throw mismatch(`result.json: it declares no ${name}`);
  }
  return declared;
};

const assertCycloneDx = async (path: string): Promise<void> => {
  const sbom: unknown = JSON.parse(
    Buffer.from(await readPlain(path, 'sbom.cdx.json', 4 * MAX_JSON_BYTES)).toString(),
  );
  if (typeof sbom === 'object' && sbom !== null && 'bomFormat' in sbom && sbom.bomFormat === 'CycloneDX')
    return;
  throw new SlipwayError('SIGN_POLICY_REFUSED', 'sbom.cdx.json: expected a CycloneDX document. Build again.');
};

/** That devices which run the image take what comes after it, by the same keys. */
const assertTrusted = async (
  { deployment, deviceClass }: BuildRequest,
  signing: SigningProfile,
  content: Uint8Array,
  signature: Uint8Array,
): Promise<void> => {
  await verifyCms({ content, signature, rootPem: deployment.releaseRoot }).catch((cause: unknown) => {
    if (codeOf(cause) !== 'BUNDLE_SIGNER_UNTRUSTED') throw cause;
    throw new SlipwayError(
      'KEY_MISMATCH',
      `The image of ${deviceClass} does not trust what the signing profile ${signing} signs, so devices that run it would refuse every later release. Give API and signer the same keys, restart both and start a new build.`,
      { cause, details: { profile: signing } },
    );
  });
};

export type SignBuild = {
  readonly config: SignerConfig;
  readonly keys: KeyRing;
  readonly now: () => Date;
  readonly onProgress: (progress: JobProgress) => Promise<void>;
};

/**
 * Checks a build against its stored bytes and the signer's rules, records it, signs it with the keys of the profile that
 * its class names and with no others, and writes its bundle. The same build gives the same bundle, to the byte, however
 * often it is asked for. For a class with Secure Boot the UKI is signed for firmware, and its disk with signed files is
 * written beside the bundle, in each format that the class names.
 *
 * @throws {SlipwayError} SIGN_INPUT_MISMATCH, SIGN_POLICY_REFUSED, SIGN_COUNTER_REUSED, SIGNING_PROFILE_UNKNOWN,
 *   KEY_MISMATCH, CONFIG_INVALID
 */
export const signBuild = async (signer: SignBuild, buildId: BuildId): Promise<SignResult> => {
  const { config, onProgress } = signer;
  const folder = join(config.storeDir, 'builds', buildId);
  const staging = join(config.stateDir, 'staging', buildId);
  await rm(staging, { recursive: true, force: true });
  await mkdir(staging, { recursive: true, mode: 0o700 });
  try {
    await onProgress({ step: 'digest', percent: 0 });
    const declaration = await readDeclaration(folder, buildId);
    const { request, result } = declaration;
    const { secureBoot, signing, outputs } = assertAsked(request, result);
    const keys = signer.keys.of(signing);
    const declared = declaredOf(result);
    const staged = new Map<PayloadName, FileDigest>();
    for (const [name, artifact] of declared) {
      const payload = PAYLOAD_ORDER.find((known) => known === name);
      if (payload === undefined) await compareArtifact(join(folder, name), artifact);
      else staged.set(payload, await stageArtifact(join(folder, name), artifact, join(staging, name)));
    }

    await onProgress({ step: 'verify', percent: 40 });
    const paths = {
      'uki.efi': join(staging, 'uki.efi'),
      'root.img': join(staging, 'root.img'),
      'sbom.cdx.json': join(staging, 'sbom.cdx.json'),
    };
    await verifyVerity(paths['root.img'], result.rootHash, result.verityDataBlocks);
    assertBoots(await readUki(paths['uki.efi']), result);
    await assertCycloneDx(paths['sbom.cdx.json']);
    const db = secureBoot ? dbKey(signing, keys.secureBoot) : undefined;
    // After it was checked, and before the manifest is made: what devices get and compare is the signed file.
    if (db !== undefined) staged.set('uki.efi', await signUki(paths['uki.efi'], db));

    await onProgress({ step: 'sign', percent: 70 });
    const manifest = makeManifest(result, digestOf(declaration.bytes), staged);
    const { build, release, deviceClass, counter } = result;
    const claim = {
      build,
      release,
      deviceClass,
      counter,
      manifest: digestOf(manifest),
      ...(signing === DEFAULT_PROFILE ? {} : { profile: signing }),
    };
    // On disk before the signature exists: whatever was signed is in the log, though not all in the log was signed.
    await recordClaim(join(config.stateDir, 'log.jsonl'), claim, signer.now());
    const signature = signCms(manifest, keys);
    await verifyCms({ content: manifest, signature, rootPem: keys.rootPem });
    await assertTrusted(request, signing, manifest, signature);

    await onProgress({ step: 'bundle', percent: 80 });
    const bundles = join(config.storeDir, 'bundles');
    await mkdir(bundles, { recursive: true });
    const disk = declared.get('disk.img');
    const pathOf = (name: DiskArtifact): string => join(bundles, `${release}.${name}`);
    const signed =
      db === undefined || disk === undefined
        ? undefined
        : await signDisks({
            disk: { path: join(folder, 'disk.img'), declared: disk, arch: result.arch },
            time: result.timeFloor,
            uki: paths['uki.efi'],
            db,
            formats: request.outputs ?? outputs,
            deviceClass,
            pathOf,
            progress: tellBytes(onProgress),
          });
    const bundle = await writeBundle({
      manifest,
      signature,
      files: paths,
      out: join(bundles, `${release}.tar`),
    }).catch(async (error: unknown) => {
      await signed?.undo();
      throw error;
    });
    return SignResult.parse({
      v: 1,
      release,
      bundle,
      manifest: claim.manifest,
      ...(signed === undefined ? {} : { disks: signed.disks }),
    });
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
};
