import { MAX_BLOCK_BYTES } from '../channel.ts';

export type Listener = {
  readonly host: string;
  readonly port: number;
  /** PEM: authorities of the clients that this listener admits */
  readonly clientCaFile: string;
  readonly accessFile: string;
};

export type BrokerConfig = {
  /** Two doors, so that no certificate of the device tree, whatever its name, gets the gateway's rights. */
  readonly devices: Listener & {
    /** PEM: certificates that the device authority took back; where it is named it must be there when the broker starts */
    readonly revocationFile?: string;
  };
  readonly gateway: Listener;
  /** Without TLS, for simulated devices: whoever connects is who its client id says. On loopback only, by its caller. */
  readonly simulated?: Pick<Listener, 'host' | 'port' | 'accessFile'>;
  /** PEM: the server's certificate and key */
  readonly certFile: string;
  readonly keyFile: string;
  /** where retained messages and sessions are kept */
  readonly persistenceDir: string;
  /** the account mosquitto runs under; started as root it would change to one that cannot read the keys */
  readonly user: string;
};

/** Bytes that a topic and the properties of a message need at most, beside a block. */
const PACKET_ROOM = 8 * 1024;

const listener = (settings: Listener, config: BrokerConfig): string[] => [
  `listener ${settings.port} ${settings.host}`,
  `cafile ${settings.clientCaFile}`,
  `certfile ${config.certFile}`,
  `keyfile ${config.keyFile}`,
  'tls_version tlsv1.2',
  'require_certificate true',
  'use_identity_as_username true',
  'allow_anonymous false',
  'allow_zero_length_clientid false',
  `acl_file ${settings.accessFile}`,
];

const simulatedListener = ({ host, port, accessFile }: NonNullable<BrokerConfig['simulated']>): string[] => [
  `listener ${port} ${host}`,
  'allow_anonymous true',
  'allow_zero_length_clientid false',
  `acl_file ${accessFile}`,
];

/** @returns the text of `mosquitto.conf` */
export const brokerConfig = (config: BrokerConfig): string =>
  [
    'per_listener_settings true',
    `user ${config.user}`,
    'persistence true',
    `persistence_location ${config.persistenceDir.replace(/\/*$/, '/')}`,
    'autosave_interval 30',
    // No `persistent_client_expiration`: with it every session is one that can end (`SESSION_EXPIRY_S` says why none may).
    'log_dest stderr',
    'log_type error',
    'log_type warning',
    'log_type notice',
    'log_type information',
    'connection_messages true',
    `max_packet_size ${MAX_BLOCK_BYTES + PACKET_ROOM}`,
    'max_inflight_messages 64',
    // What gateways have not taken yet waits here; beyond that it is lost until the device connects again.
    'max_queued_messages 100000',
    'max_queued_bytes 134217728',
    'max_keepalive 300',
    'set_tcp_nodelay true',
    'sys_interval 0',
    ...listener(config.devices, config),
    // The common name is the user, and the user is the client id, whatever the client claims.
    'use_username_as_clientid true',
    ...(config.devices.revocationFile === undefined ? [] : [`crlfile ${config.devices.revocationFile}`]),
    // Several gateways have one name and a client id each; and by the client id of a device they end its session.
    ...listener(config.gateway, config),
    ...(config.simulated === undefined ? [] : simulatedListener(config.simulated)),
    '',
  ].join('\n');
