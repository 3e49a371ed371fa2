import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeServerIdentity, type Identity } from '@slipway/signing';

/**
 * What an API needs that nobody enrols with and that builds nothing: an image repository without classes, and certificates.
 *
 * @returns its settings, but for where the others are
 */
export const writeApiFiles = async (
  dir: string,
  { serverCa, deviceCa }: { readonly serverCa: Identity; readonly deviceCa: Identity },
  ports: { readonly api: number; readonly enrol: number },
): Promise<Record<string, string>> => {
  const file = (name: string): string => join(dir, name);
  await mkdir(file('images/classes'), { recursive: true });
  const server = await makeServerIdentity(serverCa, 'enrolment', ['127.0.0.1']);
  const files: Readonly<Record<string, string>> = {
    'server-ca.pem': serverCa.certificatePem,
    'enrol.pem': server.certificatePem,
    'enrol.key': server.keyPem,
    'device-ca.pem': deviceCa.certificatePem,
    'device-ca.key': deviceCa.keyPem,
    'release-root.pem': serverCa.certificatePem,
  };
  for (const [name, text] of Object.entries(files)) await writeFile(file(name), text, { mode: 0o600 });
  return {
    SLIPWAY_API_PORT: String(ports.api),
    SLIPWAY_ENROL_PORT: String(ports.enrol),
    SLIPWAY_ENROL_CERT_FILE: file('enrol.pem'),
    SLIPWAY_ENROL_KEY_FILE: file('enrol.key'),
    SLIPWAY_DEVICE_CA_CERT_FILE: file('device-ca.pem'),
    SLIPWAY_DEVICE_CA_KEY_FILE: file('device-ca.key'),
    SLIPWAY_SERVER_CA_FILE: file('server-ca.pem'),
    SLIPWAY_RELEASE_ROOT_FILE: file('release-root.pem'),
    SLIPWAY_ENROL_URL: `https://127.0.0.1:${ports.enrol}/v1/enrol`,
    SLIPWAY_DEVICE_MQTT_URL: 'mqtts://127.0.0.1:8883',
    SLIPWAY_IMAGES: file('images'),
    SLIPWAY_ADMIN_TOKEN_FILE: file('admin-token'),
  };
};
