import { deviceTopic, DOWN, serverStateTopic, type TenantId, TOPIC_ROOT, UP } from '@slipway/protocol';

/**
 * Access rules of the two listeners, in mosquitto's `acl_file` form. What no rule allows is denied; a subscription that
 * is wider than the rules is delivered only what they allow. A device is known by the common name of its certificate,
 * which mosquitto puts for `%u` (and denies names with `+` or `#`).
 */
export const deviceAccessRules = (tenant: TenantId): string => {
  const own = (kind: (typeof UP)[number] | (typeof DOWN)[number]) =>
    deviceTopic(tenant, '+', kind).replace('/+/', '/%u/');
  return [
    ...UP.map((kind) => `pattern write ${own(kind)}`),
    ...DOWN.map((kind) => `pattern read ${own(kind)}`),
    // A rule for everyone; mosquitto warns that it has no %u, which is meant.
    `pattern read ${serverStateTopic(tenant)}`,
    '',
  ].join('\n');
};

/** Shared subscriptions are checked by the topics they deliver. */
export const gatewayAccessRules = (gateway: string): string =>
  [`user ${gateway}`, `topic readwrite ${TOPIC_ROOT}/#`, ''].join('\n');
