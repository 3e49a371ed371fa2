import { Agent, request } from 'node:https';
import { makeDeviceRequest } from '@slipway/signing';
import {
  DeviceId,
  EnrolResponse,
  isErrorCode,
  Problem,
  SlipwayError,
  type Arch,
  type ClassName,
} from '@slipway/protocol';
import type { SimIdentity } from './options.ts';

export type EnrolOptions = {
  /** `https://HOST:PORT/v1/enrol` */
  readonly url: string;
  /** PEM: by which the server is known */
  readonly ca: string;
  /** of a claim with uses enough */
  readonly token: string;
  readonly deviceClass: ClassName;
  readonly arch: Arch;
  readonly count: number;
  /** called with each, in the order in which they come */
  readonly onIdentity: (identity: SimIdentity) => void;
};

/** Signing takes a processor; more at once only wait. */
const AT_ONCE = 8;

const post = (
  url: string,
  ca: string,
  agent: Agent,
  json: unknown,
): Promise<{ status: number; body: string }> =>
  new Promise((resolve, reject) => {
    const body = JSON.stringify(json);
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const asked = request(url, { method: 'POST', ca, agent, headers }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(parts).toString() }),
      );
      response.on('error', reject);
    });
    asked.on('error', reject);
    asked.end(body);
  });

const enrolOne = async (options: EnrolOptions, agent: Agent): Promise<SimIdentity> => {
  const { url, ca, token, deviceClass, arch } = options;
  const { keyPem, csrPem } = makeDeviceRequest();
  const { status, body } = await post(url, ca, agent, { v: 1, token, csr: csrPem, deviceClass, arch });
  const answer: unknown = JSON.parse(body);
  if (status < 300) {
    const { deviceId, certificate } = EnrolResponse.parse(answer);
    return { deviceId: DeviceId.parse(deviceId), key: keyPem, certificate };
  }
  const { code, detail } = Problem.parse(answer);
  throw new SlipwayError(isErrorCode(code) ? code : 'INTERNAL', `${url}: ${detail}`);
};

/**
 * Enrols devices as real ones do: a key and a request for each, a certificate for the token of a claim.
 *
 * @throws {SlipwayError} with the code that the server gives
 */
export const enrolDevices = async (options: EnrolOptions): Promise<void> => {
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  let begun = 0;
  const work = async (): Promise<void> => {
    while (begun < options.count) {
      begun += 1;
      options.onIdentity(await enrolOne(options, agent));
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  } finally {
    agent.destroy();
  }
};
