import { DeviceId, TenantId } from '@slipway/protocol';
import { startCloud as startCloudOf, type Cloud, type CloudOptions } from '@slipway/qualifier/cloud';
import type { Authorities } from '../ground/authorities.ts';

export const CLAIM_TOKEN = 'claim-of-the-campaign';
export const DEVICE = DeviceId.parse('campaign');
const TENANT = TenantId.parse('campaign');

/** The cloud of the one device of a campaign. */
export const startCloud = (
  options: Omit<CloudOptions, 'authorities' | 'device' | 'tenant'> & { readonly authorities: Authorities },
): Promise<Cloud> =>
  startCloudOf({
    ...options,
    device: DEVICE,
    tenant: TENANT,
    authorities: {
      ...options.authorities,
      serverCaPem: options.authorities.servers.certificatePem,
      services: options.authorities.servers,
    },
  });
