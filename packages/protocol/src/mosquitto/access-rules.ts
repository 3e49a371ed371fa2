import { accessTopic, brokerAccess, type BrokerAccess } from '../broker-access.ts';
import type { TenantId } from '../ids.ts';

const isOf =
  (who: BrokerAccess['who']) =>
  (row: BrokerAccess): boolean =>
    row.who === who;
const verb = ({ does }: BrokerAccess): string => (does === 'publishes' ? 'write' : 'read');

/**
 * Access rules of the two listeners, in mosquitto's `acl_file` form, made from `brokerAccess`. What no rule allows is
 * denied; a subscription that is wider than the rules is delivered only what they allow. A device is known by the
 * common name of its certificate, which mosquitto puts for `%u` (and denies names with `+` or `#`). QoS and retain are
 * not for mosquitto's rules to say. It warns of the rule without `%u`, which is meant for everyone.
 *
 * @param knownBy `%c`: a device is whoever its client id says, as on the listener for simulated devices
 */
export const deviceAccessRules = (tenant: TenantId, knownBy: '%u' | '%c' = '%u'): string =>
  [
    ...brokerAccess()
      .filter(isOf('device'))
      .map((row) => `pattern ${verb(row)} ${accessTopic(row, tenant, knownBy)}`),
    '',
  ].join('\n');

/** Shared subscriptions are checked by the topics they deliver. */
export const gatewayAccessRules = (tenant: TenantId, gateway: string): string =>
  [
    `user ${gateway}`,
    ...brokerAccess()
      .filter(isOf('gateway'))
      .map((row) => `topic ${verb(row)} ${accessTopic(row, tenant, '+')}`),
    '',
  ].join('\n');
