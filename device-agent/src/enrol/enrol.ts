import {
  Claim,
  CLAIM_ESP_PATH,
  DeviceId,
  EnrolResponse,
  isErrorCode,
  messageOf,
  Problem,
  SlipwayError,
  type EnrolRequest,
  type ReleaseFile,
} from '@slipway/protocol';
import type { Esp } from '../boot/esp.ts';
import type { AgentConfig } from '../config.ts';
import { fullJitter } from '../core/index.ts';
import { parseJson } from '../install/stored-manifest.ts';
import type { Runtime } from '../runtime/port.ts';
import { deviceKey, keyPath, readIdentity, writeIdentity, type Identity } from './identity.ts';

const REQUEST_TIMEOUT_MS = 60_000;
const MAX_ANSWER_BYTES = 256 * 1024;
const BASE_DELAY_MS = 2_000;
const MAX_DELAY_MS = 60_000;

export type Enrol = {
  readonly runtime: Runtime;
  readonly config: AgentConfig;
  readonly esp: Esp;
  readonly enrolUrl: string;
  /** PEM: the only CA that the server's certificate may come from */
  readonly serverCa: string;
  readonly device: Pick<ReleaseFile, 'deviceClass' | 'arch'>;
};

/** PKCS #10 for the key of the device. The name in it counts for nothing: the server gives the id. */
const newRequest = async ({ runtime, config }: Enrol): Promise<string> => {
  await deviceKey(runtime, config);
  const command = [
    'openssl',
    'req',
    '-new',
    '-sha256',
    '-key',
    keyPath(config),
    '-subj',
    '/CN=slipway-device',
  ];
  const { status, stdout, stderr } = await runtime.processes.run(command);
  if (status === 0) return stdout;
  throw new SlipwayError('TOOL_FAILED', `openssl req: status ${status}: ${stderr.trim().slice(-500)}`);
};

const readClaim = async ({ runtime, esp }: Enrol): Promise<string> => {
  const bytes = await esp.use(async (directory) => runtime.files.read(`${directory}/${CLAIM_ESP_PATH}`));
  const claim = Claim.safeParse(bytes === undefined ? undefined : parseJson(bytes));
  if (claim.success) return claim.data.token;
  throw new SlipwayError(
    'CLAIM_INVALID',
    `Expected a claim at ${CLAIM_ESP_PATH} on the ESP, found ${bytes === undefined ? 'none' : 'something else'}; provision the disk.`,
  );
};

const ask = async (work: Enrol): Promise<Identity> => {
  const { runtime, config, device } = work;
  const json: EnrolRequest = {
    v: 1,
    token: await readClaim(work),
    csr: await newRequest(work),
    deviceClass: device.deviceClass,
    arch: device.arch,
  };
  const { status, body } = await runtime.network.request('POST', new URL('/v1/enrol', work.enrolUrl).href, {
    ca: work.serverCa,
    json,
    timeoutMs: REQUEST_TIMEOUT_MS,
    maxBytes: MAX_ANSWER_BYTES,
  });
  const answer = parseJson(new TextEncoder().encode(body));
  if (status < 200 || status >= 300) {
    const problem = Problem.safeParse(answer);
    const code = problem.success && isErrorCode(problem.data.code) ? problem.data.code : 'INTERNAL';
    throw new SlipwayError(
      code,
      `enrolment: status ${status}: ${problem.success ? problem.data.detail : body.slice(0, 200)}`,
    );
  }
  const parsed = EnrolResponse.parse(answer);
  const identity: Identity = {
    v: 1,
    deviceId: DeviceId.parse(parsed.deviceId),
    tenant: parsed.tenant,
    certificate: parsed.certificate,
    mqttUrl: parsed.mqttUrl,
    claimRemoved: false,
  };
  await writeIdentity(runtime, config, identity);
  return identity;
};

/** The claim is used up; whoever reads the disk later must not even see it. */
const removeClaim = async ({ runtime, config, esp }: Enrol, identity: Identity): Promise<Identity> => {
  if (identity.claimRemoved) return identity;
  await esp.use(async (directory) => runtime.files.remove(`${directory}/${CLAIM_ESP_PATH}`));
  const done = { ...identity, claimRemoved: true };
  await writeIdentity(runtime, config, done);
  return done;
};

/**
 * The identity of the device: the one it has, or a new one for its claim, however long that takes. Key and request stay
 * the same over retries, so a server that answered once may answer the same again.
 *
 * @returns undefined where the signal came first
 */
export const enrol = async (work: Enrol, signal: AbortSignal): Promise<Identity | undefined> => {
  const { runtime, config } = work;
  for (let failures = 0; !signal.aborted; failures++) {
    try {
      const known = await readIdentity(runtime, config);
      const identity = known ?? (await ask(work));
      if (known === undefined) runtime.log(`enrolled as ${identity.deviceId}`);
      return await removeClaim(work, identity);
    } catch (error) {
      runtime.log(`enrolment failed: ${messageOf(error)}`);
    }
    await runtime.time.sleep(fullJitter(failures, BASE_DELAY_MS, MAX_DELAY_MS, runtime.random()), signal);
  }
  return undefined;
};
