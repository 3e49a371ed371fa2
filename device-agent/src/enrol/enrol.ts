import {
  Claim,
  CLAIM_ESP_PATH,
  codeOf,
  DeviceId,
  FactoryIdentity,
  IDENTITY_ESP_PATH,
  messageOf,
  SlipwayError,
  type EnrolRequest,
  type EnrolResponse,
  type ReleaseFile,
} from '@slipway/protocol';
import { fullJitter } from '../core/index.ts';
import { parseJson } from '../install/stored-manifest.ts';
import { askServer, newRequest, type EnrolWork } from './ask-server.ts';
import { checkPair, timed } from './certificate.ts';
import {
  deviceKey,
  discardNext,
  keyPath,
  nextKey,
  nextKeyPath,
  promoteNext,
  readIdentity,
  recoverIdentity,
  writeIdentity,
  writeKey,
  writeNext,
  type Identity,
} from './identity.ts';

const BASE_DELAY_MS = 2_000;
const MAX_DELAY_MS = 60_000;

export type Enrol = EnrolWork & {
  readonly device: Pick<ReleaseFile, 'deviceClass' | 'arch'>;
  /** false: there is nothing on the ESP, so a device that has an identity need not look */
  readonly provisioned: boolean;
};

/** What a disk was provisioned with. */
type Provision =
  | { readonly kind: 'claim'; readonly token: string }
  | { readonly kind: 'factory'; readonly factory: FactoryIdentity }
  | { readonly kind: 'none' };

/** @throws {SlipwayError} CLAIM_INVALID, IDENTITY_INVALID for what is there and is not of the form */
const readProvision = async ({ runtime, esp }: Enrol): Promise<Provision> => {
  const [identityBytes, claimBytes] = await esp.use(async (directory) => [
    await runtime.files.read(`${directory}/${IDENTITY_ESP_PATH}`),
    await runtime.files.read(`${directory}/${CLAIM_ESP_PATH}`),
  ]);
  if (identityBytes !== undefined) {
    const factory = FactoryIdentity.safeParse(parseJson(identityBytes));
    if (factory.success) return { kind: 'factory', factory: factory.data };
    throw new SlipwayError(
      'IDENTITY_INVALID',
      `${IDENTITY_ESP_PATH} on the ESP: ${factory.error.issues[0]?.path.join('.') ?? ''}: ${factory.error.issues[0]?.message ?? 'wrong'}; make it anew.`,
    );
  }
  if (claimBytes === undefined) return { kind: 'none' };
  const claim = Claim.safeParse(parseJson(claimBytes));
  if (claim.success) return { kind: 'claim', token: claim.data.token };
  throw new SlipwayError('CLAIM_INVALID', `${CLAIM_ESP_PATH} on the ESP is no claim; provision the disk.`);
};

const identityOf = async (work: Enrol, answer: EnrolResponse): Promise<Identity> =>
  timed(work.runtime, {
    v: 1,
    deviceId: DeviceId.parse(answer.deviceId),
    tenant: answer.tenant,
    certificate: answer.certificate,
    mqttUrl: answer.mqttUrl,
    claimRemoved: false,
    ...(answer.issuedAt === undefined ? {} : { issuedAt: answer.issuedAt }),
  });

/** @param key path of the key that is to be certified */
const redeem = async (work: Enrol, token: string, key: string): Promise<Identity> => {
  const { deviceClass, arch } = work.device;
  const csr = await newRequest(work.runtime, key);
  const json: EnrolRequest = { v: 1, token, csr, deviceClass, arch };
  return identityOf(work, await askServer(work, '/v1/enrol', json));
};

const fromFactory = async (work: Enrol, factory: FactoryIdentity): Promise<Identity> => {
  const { key, ...answer } = factory;
  await checkPair(work.runtime, factory);
  const identity = await identityOf(work, answer);
  await writeKey(work, key);
  return identity;
};

const first = async (work: Enrol): Promise<Identity> => {
  const provision = await readProvision(work);
  if (provision.kind === 'none') {
    throw new SlipwayError(
      'CLAIM_INVALID',
      `Expected a claim at ${CLAIM_ESP_PATH} on the ESP, found none; provision the disk.`,
    );
  }
  let identity: Identity;
  if (provision.kind === 'claim') {
    await deviceKey(work.runtime, work.config);
    identity = await redeem(work, provision.token, keyPath(work.config));
  } else identity = await fromFactory(work, provision.factory);
  await writeIdentity(work.runtime, work.config, identity);
  work.runtime.log(`enrolled as ${identity.deviceId}`);
  return identity;
};

/**
 * A device that has an identity finds another claim or identity: somebody put it there, because its certificate is of
 * no use any more, or because it is to be another device. The one it has stays until the new one is complete.
 */
const again = async (work: Enrol, known: Identity): Promise<Identity> => {
  const provision = await readProvision(work);
  if (provision.kind === 'none') return known;
  if (provision.kind === 'claim') {
    await nextKey(work);
    await writeNext(work, await redeem(work, provision.token, nextKeyPath(work.config)));
  } else {
    const { key, ...answer } = provision.factory;
    await checkPair(work.runtime, provision.factory);
    const identity = await identityOf(work, answer);
    await discardNext(work);
    await work.runtime.files.replace(nextKeyPath(work.config), key, 0o600);
    await writeNext(work, identity);
  }
  const { identity } = await promoteNext(work);
  work.runtime.log(`enrolled anew as ${identity.deviceId}`);
  return identity;
};

/** What the disk was provisioned with is used up; whoever reads the disk later must not even see it. */
const removeProvision = async ({ runtime, config, esp }: Enrol, identity: Identity): Promise<Identity> => {
  if (identity.claimRemoved) return identity;
  await esp.use(async (directory) => {
    const path = `${directory}/${IDENTITY_ESP_PATH}`;
    const size = await runtime.files.size(path);
    if (size !== undefined && size > 0) {
      // A removed file of FAT is still there to be read; it holds a key.
      const file = await runtime.files.open(path, 'write');
      try {
        await file.write(0, new Uint8Array(size));
        await file.sync();
      } finally {
        await file.close();
      }
    }
    await runtime.files.remove(path);
    await runtime.files.remove(`${directory}/${CLAIM_ESP_PATH}`);
  });
  const done = { ...identity, claimRemoved: true };
  await writeIdentity(runtime, config, done);
  return done;
};

const known = async (work: Enrol): Promise<Identity | undefined> => {
  const { runtime, config } = work;
  await recoverIdentity(work);
  const identity = await readIdentity(runtime, config);
  if (identity === undefined || !identity.claimRemoved) return identity;
  const complete = identity.endsAt === undefined ? await timed(runtime, identity) : identity;
  if (complete !== identity) await writeIdentity(runtime, config, complete);
  if (!work.provisioned) return complete;
  try {
    return await again(work, complete);
  } catch (error) {
    // Never worse than before: the identity it has may still do.
    runtime.log(`not enrolled anew: ${codeOf(error)}: ${messageOf(error)}`);
    return complete;
  }
};

/**
 * The identity of the device: the one it has, or a new one for what its disk was provisioned with, however long that
 * takes. Key and request stay the same over retries, so a server that answered once may answer the same again.
 *
 * @returns undefined where the signal came first
 */
export const enrol = async (work: Enrol, signal: AbortSignal): Promise<Identity | undefined> => {
  const { runtime } = work;
  for (let failures = 0; !signal.aborted; failures++) {
    try {
      return await removeProvision(work, (await known(work)) ?? (await first(work)));
    } catch (error) {
      runtime.log(`enrolment failed: ${codeOf(error)}: ${messageOf(error)}`);
    }
    await runtime.time.sleep(fullJitter(failures, BASE_DELAY_MS, MAX_DELAY_MS, runtime.random()), signal);
  }
  return undefined;
};
