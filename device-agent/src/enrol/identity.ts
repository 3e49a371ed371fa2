import { DeviceId, SlipwayError, TenantId } from '@slipway/protocol';
import { z } from 'zod';
import type { AgentConfig } from '../config.ts';
import { parseJson } from '../install/stored-manifest.ts';
import type { Runtime } from '../runtime/port.ts';

/** What enrolment gave. The private key lies beside it and never leaves the device. Times are seconds since 1970. */
export const Identity = z.object({
  v: z.literal(1),
  deviceId: DeviceId,
  tenant: TenantId,
  /** PEM, with intermediates */
  certificate: z.string(),
  mqttUrl: z.url(),
  /** what it was made from (claim, identity of the factory) is gone from the ESP */
  claimRemoved: z.boolean(),
  /** when the certificate was given, by the server's clock, and, where it was by a renewal, when it came, by ours */
  issuedAt: z.int().optional(),
  obtainedAt: z.int().optional(),
  /** end of the certificate, and when to ask for the next one */
  endsAt: z.int().optional(),
  renewAt: z.int().optional(),
});
export type Identity = z.infer<typeof Identity>;

type Where = { readonly runtime: Runtime; readonly config: AgentConfig };

const directory = (config: AgentConfig): string => `${config.dataDir}/identity`;
export const keyPath = (config: AgentConfig): string => `${directory(config)}/key.pem`;
const identityPath = (config: AgentConfig): string => `${directory(config)}/identity.json`;
export const nextKeyPath = (config: AgentConfig): string => `${directory(config)}/next-key.pem`;
const nextIdentityPath = (config: AgentConfig): string => `${directory(config)}/next.json`;

const readFrom = async (runtime: Runtime, path: string): Promise<Identity | undefined> => {
  const bytes = await runtime.files.read(path);
  const parsed = Identity.safeParse(bytes === undefined ? undefined : parseJson(bytes));
  return parsed.success ? parsed.data : undefined;
};

const readText = async (runtime: Runtime, path: string): Promise<string | undefined> => {
  const bytes = await runtime.files.read(path);
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
};

export const readIdentity = async (runtime: Runtime, config: AgentConfig): Promise<Identity | undefined> =>
  readFrom(runtime, identityPath(config));

export const writeIdentity = async (
  runtime: Runtime,
  config: AgentConfig,
  identity: Identity,
): Promise<void> => {
  await runtime.files.replace(identityPath(config), JSON.stringify(identity), 0o600);
};

const keyAt = async (runtime: Runtime, path: string): Promise<string> => {
  const known = await readText(runtime, path);
  if (known !== undefined) return known;
  const key = await runtime.crypto.newKey();
  await runtime.files.replace(path, key, 0o600);
  return key;
};

/** The key of the device, made at first use. */
export const deviceKey = async (runtime: Runtime, config: AgentConfig): Promise<string> =>
  keyAt(runtime, keyPath(config));

export const writeKey = async ({ runtime, config }: Where, key: string): Promise<void> => {
  await runtime.files.replace(keyPath(config), key, 0o600);
};

/** An identity with its key in PEM. */
export type KeyedIdentity = { readonly identity: Identity; readonly key: string };

/**
 * The identity that is to replace the present one, in files of its own until it is trusted. `promoteNext` may be cut
 * anywhere: as long as `next.json` is there it can be done again, and a key that is in its place already says that it
 * had begun.
 */
export const nextKey = async ({ runtime, config }: Where): Promise<string> =>
  keyAt(runtime, nextKeyPath(config));

export const readNext = async ({ runtime, config }: Where): Promise<KeyedIdentity | undefined> => {
  const identity = await readFrom(runtime, nextIdentityPath(config));
  const key = await readText(runtime, nextKeyPath(config));
  return identity === undefined || key === undefined ? undefined : { identity, key };
};

export const writeNext = async ({ runtime, config }: Where, identity: Identity): Promise<void> => {
  await runtime.files.replace(nextIdentityPath(config), JSON.stringify(identity), 0o600);
};

export const discardNext = async ({ runtime, config }: Where): Promise<void> => {
  await runtime.files.remove(nextIdentityPath(config));
  await runtime.files.remove(nextKeyPath(config));
};

export const promoteNext = async (where: Where): Promise<KeyedIdentity> => {
  const next = await readNext(where);
  if (next === undefined) throw new SlipwayError('INTERNAL', 'there is no next identity to take over');
  await writeKey(where, next.key);
  await writeIdentity(where.runtime, where.config, next.identity);
  await discardNext(where);
  return next;
};

/** Finishes a change of identity that was cut in the middle: then the key in place is the next one already. */
export const recoverIdentity = async (where: Where): Promise<void> => {
  const { runtime, config } = where;
  const nextInPlace = await readText(runtime, nextKeyPath(config));
  if (nextInPlace === undefined || nextInPlace !== (await readText(runtime, keyPath(config)))) return;
  // Left over, the key would be taken for the next one once more, and never be rotated.
  if ((await readNext(where)) === undefined) await discardNext(where);
  else await promoteNext(where);
};
