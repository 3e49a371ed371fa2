import { DeviceId, TenantId } from '@slipway/protocol';
import { z } from 'zod';
import type { AgentConfig } from '../config.ts';
import { parseJson } from '../install/stored-manifest.ts';
import type { Runtime } from '../runtime/port.ts';

/** What enrolment gave. The private key lies beside it and never leaves the device. */
export const Identity = z.object({
  v: z.literal(1),
  deviceId: DeviceId,
  tenant: TenantId,
  /** PEM, with intermediates */
  certificate: z.string(),
  mqttUrl: z.url(),
  /** the used claim is gone from the ESP */
  claimRemoved: z.boolean(),
});
export type Identity = z.infer<typeof Identity>;

export const keyPath = (config: AgentConfig): string => `${config.dataDir}/identity/key.pem`;
const identityPath = (config: AgentConfig): string => `${config.dataDir}/identity/identity.json`;

export const readIdentity = async (runtime: Runtime, config: AgentConfig): Promise<Identity | undefined> => {
  const bytes = await runtime.files.read(identityPath(config));
  const parsed = Identity.safeParse(bytes === undefined ? undefined : parseJson(bytes));
  return parsed.success ? parsed.data : undefined;
};

export const writeIdentity = async (
  runtime: Runtime,
  config: AgentConfig,
  identity: Identity,
): Promise<void> => {
  await runtime.files.replace(identityPath(config), JSON.stringify(identity), 0o600);
};

/** The key of the device, made at first use. */
export const deviceKey = async (runtime: Runtime, config: AgentConfig): Promise<string> => {
  const path = keyPath(config);
  const bytes = await runtime.files.read(path);
  if (bytes !== undefined) return new TextDecoder().decode(bytes);
  const key = await runtime.newKey();
  await runtime.files.replace(path, key, 0o600);
  return key;
};
