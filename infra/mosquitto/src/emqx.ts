import {
  accessTopic,
  brokerAccess,
  MAX_BLOCK_BYTES,
  type BrokerAccess,
  type TenantId,
} from '@slipway/protocol';

/*
 * The same doors and rules for EMQX 5.8 and later. It does not run where Slipway is built: the syntax is that of its
 * documentation and of its own tests, and the golden files in `golden/` are what a person compares with them.
 */

const action = ({ does, qos, retain }: BrokerAccess): string => {
  const levels = `{qos, [${qos === 0 ? '0' : '0, 1'}]}`;
  return does === 'publishes' ? `{publish, [${levels}, {retain, ${retain}}]}` : `{subscribe, [${levels}]}`;
};

const client = (who: BrokerAccess['who'], gateway: string): string =>
  who === 'gateway' ? `{username, "${gateway}"}` : 'all';

/**
 * `acl.conf`: rules in order, the first that fits decides. EMQX puts the client id for `${clientid}`, which `emqxConfig`
 * takes from the certificate; no device is named like the gateway, because the server gives that name to none.
 */
export const emqxAccessRules = (tenant: TenantId, gateway: string): string => {
  const rules = brokerAccess().map((row) => {
    const topic = accessTopic(row, tenant, row.who === 'device' ? '${clientid}' : '+');
    return `{allow, ${client(row.who, gateway)}, ${action(row)}, ["${topic}"]}.`;
  });
  const ofGateway = rules.filter((rule) => rule.includes('{username,'));
  const ofDevices = rules.filter((rule) => !rule.includes('{username,'));
  return [
    '%% Made from brokerAccess of @slipway/protocol.',
    ...ofGateway,
    ...ofDevices,
    '{deny, all}.',
    '',
  ].join('\n');
};

export type EmqxConfig = {
  readonly devicesBind: string;
  readonly gatewayBind: string;
  /** PEM, as the broker reads them */
  readonly deviceCaFile: string;
  readonly serverCaFile: string;
  readonly certFile: string;
  readonly keyFile: string;
  readonly aclFile: string;
};

const PACKET_ROOM_KB = 8;

const door = (
  name: string,
  bind: string,
  caFile: string,
  config: EmqxConfig,
): string => `listeners.ssl.${name} {
  bind = "${bind}"
  zone = ${name}
  ssl_options {
    cacertfile = "${caFile}"
    certfile = "${config.certFile}"
    keyfile = "${config.keyFile}"
    verify = verify_peer
    fail_if_no_peer_cert = true
    versions = ["tlsv1.3", "tlsv1.2"]
  }
}`;

/** Two doors with mutual TLS, so that no certificate of the device tree gets the gateway's rights; all others are shut. */
export const emqxConfig = (
  config: EmqxConfig,
): string => `## Made by @slipway/mosquitto, for EMQX 5.8 and later.
listeners.tcp.default.enable = false
listeners.ws.default.enable = false
listeners.wss.default.enable = false
listeners.ssl.default.enable = false

${door('devices', config.devicesBind, config.deviceCaFile, config)}

${door('gateway', config.gatewayBind, config.serverCaFile, config)}

## The common name is the client id, whatever the client claims.
zones.devices.mqtt {
  peer_cert_as_clientid = cn
  peer_cert_as_username = cn
  max_packet_size = ${MAX_BLOCK_BYTES / 1024 + PACKET_ROOM_KB}KB
  max_qos_allowed = 1
  shared_subscription = false
}

## The common name is the user; each gateway has a client id of its own.
zones.gateway.mqtt {
  peer_cert_as_username = cn
  max_packet_size = ${MAX_BLOCK_BYTES / 1024 + PACKET_ROOM_KB}KB
}

authorization {
  no_match = deny
  deny_action = ignore
  sources = [
    {
      type = file
      enable = true
      path = "${config.aclFile}"
    }
  ]
}
`;
