import { codeOf, messageOf, renewalProof, SlipwayError, type RenewRequest } from '@slipway/protocol';
import { fullJitter } from '../core/index.ts';
import { askServer, newRequest, type EnrolWork } from './ask-server.ts';
import { isRenewalDue, timed } from './certificate.ts';
import type { Credentials } from './credentials.ts';
import { discardNext, keyPath, nextKey, nextKeyPath, writeNext, type Identity } from './identity.ts';

const LOOK_MS = 60_000;
const BASE_DELAY_MS = 60_000;
const MAX_DELAY_MS = 3_600_000;
/** Of refusals that only a person can mend. */
const REFUSED_DELAY_MS = 6 * 3_600_000;
const REFUSALS: readonly string[] = ['CERTIFICATE_EXPIRED', 'CERTIFICATE_INVALID', 'DEVICE_REVOKED'];
/**
 * A clock that stands cannot tell that the certificate has ended, the broker can: after so many failures in a row the
 * server is asked, at most once a day.
 */
const SUSPICIOUS_FAILURES = 8;
const SUSPICION_S = 86_400;
/** A next certificate that the broker refused while it took the present one is tried again after this long. */
const RETRY_NEXT_S = 3_600;

/**
 * Asks for the next certificate, for a key of its own, and puts it beside the present one. The next key stays the same
 * until an answer is stored, so that a device that is cut off asks for the same again.
 *
 * @throws {SlipwayError} CERTIFICATE_EXPIRED, CERTIFICATE_INVALID, DEVICE_REVOKED and what the network gives
 */
export const renew = async (work: EnrolWork, identity: Identity): Promise<Identity> => {
  const { runtime, config } = work;
  await nextKey(work);
  const csr = await newRequest(runtime, nextKeyPath(config));
  const request: RenewRequest = {
    v: 1,
    certificate: identity.certificate,
    csr,
    proof: await runtime.crypto.sign(keyPath(config), renewalProof(identity.deviceId, csr)),
  };
  const answer = await askServer(work, `/v1/devices/${identity.deviceId}/renew`, request);
  if (answer.deviceId !== identity.deviceId) {
    throw new SlipwayError('CERTIFICATE_INVALID', `asked for ${identity.deviceId}, got ${answer.deviceId}`);
  }
  const { issuedAt: _old, ...rest } = identity;
  const next = await timed(runtime, {
    ...rest,
    certificate: answer.certificate,
    mqttUrl: answer.mqttUrl,
    obtainedAt: work.now(),
    ...(answer.issuedAt === undefined ? {} : { issuedAt: answer.issuedAt }),
  });
  await writeNext(work, next);
  return next;
};

/** How the last try ended; undefined before the first. */
export type RenewalState = { readonly code: string; readonly message: string } | 'renewed' | undefined;

export type Renewals = { readonly state: () => RenewalState; readonly done: Promise<void> };

/**
 * Renews the certificate at half its life, as long as the agent runs.
 *
 * @param reconnect the next certificate is there and wants to be tried
 */
export const keepRenewing = (
  work: EnrolWork,
  credentials: Credentials,
  reconnect: () => void,
  signal: AbortSignal,
): Renewals => {
  const { runtime } = work;
  let state: RenewalState;
  let suspectedAt: number | undefined;

  const isSuspicious = (): boolean => {
    const uptime = runtime.time.uptime();
    if (credentials.failures() < SUSPICIOUS_FAILURES) return false;
    if (suspectedAt !== undefined && uptime - suspectedAt < SUSPICION_S) return false;
    suspectedAt = uptime;
    return true;
  };

  const run = async (): Promise<void> => {
    let failures = 0;
    let triedAt = runtime.time.uptime();
    while (!signal.aborted) {
      const present = credentials.identity();
      const pending = await credentials.hasNext();
      let delay = LOOK_MS;
      if (!pending && (isRenewalDue(present, work.now()) || isSuspicious())) {
        try {
          const next = await renew(work, present);
          runtime.log(`certificate renewed, good until ${next.endsAt ?? 0} s`);
          state = 'renewed';
          failures = 0;
          triedAt = runtime.time.uptime();
          reconnect();
        } catch (error) {
          const code = codeOf(error);
          state = { code, message: messageOf(error) };
          runtime.log(`certificate not renewed: ${code}: ${messageOf(error)}`);
          if (code === 'CSR_INVALID') await discardNext(work).catch(() => undefined);
          const limit = REFUSALS.includes(code) ? REFUSED_DELAY_MS : MAX_DELAY_MS;
          const base = REFUSALS.includes(code) ? REFUSED_DELAY_MS : BASE_DELAY_MS;
          delay = LOOK_MS + fullJitter(failures, base, limit, runtime.random());
          failures += 1;
        }
      }
      if (pending && credentials.failures() === 0 && runtime.time.uptime() - triedAt >= RETRY_NEXT_S) {
        triedAt = runtime.time.uptime();
        reconnect();
      }
      await runtime.time.sleep(delay, signal);
    }
  };
  return { state: () => state, done: run() };
};
