import { readFile } from 'node:fs/promises';
import { DeviceId, TenantId, type FactoryIdentity } from '@slipway/protocol';
import {
  makeDeviceAuthority,
  makeLeaf,
  makeServerAuthority,
  makeServiceIdentity,
  validFor,
} from '@slipway/signing';
import { GUEST_MQTT_URL } from './cloud/addresses.ts';
import type { CloudAuthorities } from './cloud/broker.ts';
import type { QualifierConfig } from './config.ts';

export const DEVICE = DeviceId.parse('qualification');
export const TENANT = TenantId.parse('qualification');

/**
 * What device and cloud of one qualification know each other by. The device trusts the server authority of its image; all
 * else is made for the occasion, and trusted by nobody else.
 */
export const makeIdentities = async (
  config: Pick<QualifierConfig, 'certFile' | 'keyFile' | 'serverCaFile'>,
): Promise<{ readonly authorities: CloudAuthorities; readonly device: FactoryIdentity }> => {
  const [certificatePem, keyPem, serverCaPem] = await Promise.all(
    [config.certFile, config.keyFile, config.serverCaFile].map((file) => readFile(file, 'utf8')),
  );
  const [devices, services] = await Promise.all([
    makeDeviceAuthority('qualification'),
    makeServerAuthority('qualification'),
  ]);
  const device = await makeLeaf(
    { commonName: DEVICE, usage: 'clientAuth', validity: validFor(365) },
    'p-256',
    devices,
  );
  return {
    authorities: {
      serverCaPem: serverCaPem ?? '',
      server: { certificatePem: certificatePem ?? '', keyPem: keyPem ?? '' },
      devices,
      services,
      gateway: await makeServiceIdentity(services, 'gateway'),
    },
    // As from the factory: the enrolment of its image is at an address of its own.
    device: {
      v: 1,
      deviceId: DEVICE,
      tenant: TENANT,
      certificate: device.certificatePem,
      key: device.keyPem,
      mqttUrl: GUEST_MQTT_URL,
      // Else it would want to renew what is older than half its life, where its image says.
      issuedAt: Math.floor(Date.now() / 1000),
    },
  };
};
