import { parseManifestOnDevice, type PayloadName } from '@slipway/bundle/manifest';
import { Digest, SlipwayError } from '@slipway/protocol';
import { z } from 'zod';
import type { AgentConfig } from '../config.ts';
import type { Runtime } from '../runtime/port.ts';
import { payloadOffsets, type BundleHead, type DeviceManifest, type PayloadOffsets } from './bundle-head.ts';
import { verifySignature } from './verify-signature.ts';

/** A verified manifest with what is needed to fetch the files it lists. */
export type Plan = {
  readonly bundle: Digest;
  readonly manifest: DeviceManifest;
  readonly offsets: PayloadOffsets;
};

export type PlanFile = DeviceManifest['files'][number];

export const planFile = (plan: Plan, name: PayloadName): PlanFile => {
  const file = plan.manifest.files.find((listed) => listed.name === name);
  if (file === undefined) throw new SlipwayError('INTERNAL', `the manifest was checked to list ${name}`);
  return file;
};

const Note = z.object({ v: z.literal(1), bundle: Digest, payloadAt: z.int() });

const pathsOf = (config: AgentConfig) => ({
  content: `${config.dataDir}/install/manifest.json`,
  signature: `${config.dataDir}/install/manifest.p7s`,
  root: `${config.etcDir}/trust/release-root.pem`,
  note: `${config.dataDir}/install/bundle.json`,
});

const plan = (bundle: Digest, manifestBytes: Uint8Array, payloadAt: number): Plan => {
  const manifest = parseManifestOnDevice(manifestBytes);
  return { bundle, manifest, offsets: payloadOffsets(manifest, payloadAt).offsets };
};

/**
 * Verifies the head of a bundle and keeps it on `/data`, so that an install which is cut needs no network to know
 * what it was about.
 *
 * @param at seconds since 1970
 */
export const verifyHead = async (
  runtime: Runtime,
  config: AgentConfig,
  bundle: Digest,
  head: BundleHead,
  at: number,
): Promise<Plan> => {
  const paths = pathsOf(config);
  await runtime.files.remove(paths.note);
  await runtime.files.replace(paths.content, head.manifest, 0o600);
  await runtime.files.replace(paths.signature, head.signature, 0o600);
  await verifySignature(runtime, { content: head.manifest, signature: head.signature }, paths, at);
  const verified = plan(bundle, head.manifest, head.payloadAt);
  await runtime.files.replace(
    paths.note,
    JSON.stringify({ v: 1, bundle, payloadAt: head.payloadAt } satisfies z.infer<typeof Note>),
    0o600,
  );
  return verified;
};

/**
 * Verifies the head of a bundle without keeping it, so that what an install under way has kept stays.
 *
 * @param at seconds since 1970
 */
export const verifyManifest = async (
  runtime: Runtime,
  config: AgentConfig,
  head: Pick<BundleHead, 'manifest' | 'signature'>,
  at: number,
): Promise<DeviceManifest> => {
  const directory = `${config.runDir}/inspect`;
  const paths = {
    content: `${directory}/manifest.json`,
    signature: `${directory}/manifest.p7s`,
    root: pathsOf(config).root,
  };
  try {
    await runtime.files.replace(paths.content, head.manifest, 0o600);
    await runtime.files.replace(paths.signature, head.signature, 0o600);
    await verifySignature(runtime, { content: head.manifest, signature: head.signature }, paths, at);
    return parseManifestOnDevice(head.manifest);
  } finally {
    await runtime.files.remove(paths.content);
    await runtime.files.remove(paths.signature);
  }
};

/**
 * The head that was kept, verified once more: `/data` is not protected by a signature.
 *
 * @returns undefined where there is none of this bundle
 */
export const loadPlan = async (
  runtime: Runtime,
  config: AgentConfig,
  bundle: Digest,
  at: number,
): Promise<Plan | undefined> => {
  const paths = pathsOf(config);
  const [note, content, signature] = await Promise.all(
    [paths.note, paths.content, paths.signature].map(async (path) => runtime.files.read(path)),
  );
  if (note === undefined || content === undefined || signature === undefined) return undefined;
  const parsed = Note.safeParse(parseJson(note));
  if (!parsed.success || parsed.data.bundle !== bundle) return undefined;
  await verifySignature(runtime, { content, signature }, paths, at);
  return plan(bundle, content, parsed.data.payloadAt);
};

export const parseJson = (bytes: Uint8Array): unknown => {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
};
