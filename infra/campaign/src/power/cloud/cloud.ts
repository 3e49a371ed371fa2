import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import {
  Birth,
  DeviceId,
  EnrolRequest,
  ExecutionId,
  RolloutId,
  Status,
  StreamGet,
  TenantId,
  deviceTopic,
  isTerminal,
  parseUpTopic,
  serverStateTopic,
  type Desired,
} from '@slipway/protocol';
import type { Recorder } from '@slipway/fleet-sim/conformance';
import { signDeviceCsr } from '@slipway/signing';
import { connectAsync } from 'mqtt';
import { GUEST_MQTT_URL } from '../ground/addresses.ts';
import type { Authorities } from '../ground/authorities.ts';
import { readBundle, type Release } from '../ground/releases.ts';
import { startBroker } from './broker.ts';

export const CLAIM_TOKEN = 'claim-of-the-campaign';
export const DEVICE = DeviceId.parse('campaign');
const TENANT = TenantId.parse('campaign');

export type CloudOptions = {
  /** of this cloud alone */
  readonly folder: string;
  readonly authorities: Authorities;
  /** bundles that may be asked for */
  readonly releases: readonly Release[];
  /** called for what a device says, while the device waits for nothing */
  readonly onStatus?: (status: Status) => void;
  /** writes down what goes over the wire */
  readonly wire?: Recorder;
};

/** What the device is told to be at, and by which number the broker has known it. */
export type Wish = { readonly number: number; readonly release: Release };

export const executionOf = ({ number }: Wish): ExecutionId =>
  ExecutionId.parse(`exe_${String(number).padStart(16, '0')}`);

export type Cloud = {
  readonly mqttPort: number;
  readonly enrolPort: number;
  readonly statuses: readonly Status[];
  readonly births: readonly Birth[];
  readonly desire: (wish: Wish) => Promise<void>;
  /** @throws where it did not happen in time, or `signal` came */
  readonly until: (what: string, condition: () => boolean, wait: Wait) => Promise<void>;
  readonly outcome: (wish: Wish) => Status | undefined;
  readonly stop: () => Promise<void>;
};

export type Wait = { readonly timeoutMs: number; readonly signal?: AbortSignal };

const EXPIRES_AT = 4_000_000_000;

/**
 * The server side of the device channel for one device: a broker of its own, enrolment, blocks and acknowledgements.
 * It starts without memory; what a device reported before is for the caller to know.
 */
export const startCloud = async (options: CloudOptions): Promise<Cloud> => {
  const { authorities } = options;
  const broker = await startBroker(options.folder, authorities, TENANT);
  const bundles = new Map<string, Buffer>();
  for (const release of options.releases) bundles.set(release.bundle.digest, await readBundle(release));
  const statuses: Status[] = [];
  const births: Birth[] = [];
  const waiting = new Set<() => void>();
  const changed = (): void => {
    for (const look of waiting) look();
  };

  const https = createServer(
    { key: authorities.server.keyPem, cert: authorities.server.certificatePem },
    (request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        const { csr } = EnrolRequest.parse(JSON.parse(Buffer.concat(parts).toString()));
        void signDeviceCsr({ csrPem: csr, deviceId: DEVICE, ca: authorities.devices }).then(
          ({ certificatePem }) => {
            response.writeHead(201, { 'content-type': 'application/json' });
            response.end(
              JSON.stringify({
                v: 1,
                deviceId: DEVICE,
                tenant: TENANT,
                certificate: certificatePem,
                mqttUrl: GUEST_MQTT_URL,
              }),
            );
          },
        );
      });
    },
  );
  await new Promise<void>((done) => {
    https.listen(0, '127.0.0.1', done);
  });
  const { port: enrolPort } = https.address() as AddressInfo; // oxlint-disable-line typescript/no-unsafe-type-assertion -- listening on TCP

  const client = await connectAsync(`mqtts://127.0.0.1:${broker.gatewayPort}`, {
    protocolVersion: 5,
    clientId: 'gateway',
    key: authorities.gateway.keyPem,
    cert: authorities.gateway.certificatePem,
    ca: authorities.servers.certificatePem,
  });
  const down = (kind: Parameters<typeof deviceTopic>[2]): string => deviceTopic(TENANT, DEVICE, kind);

  const answer = (get: StreamGet): void => {
    const bundle = bundles.get(get.bundle);
    client.publish(
      down('stream/blk'),
      bundle?.subarray(get.offset, get.offset + get.length) ?? Buffer.alloc(0),
      {
        qos: 0,
        properties: {
          correlationData: Buffer.from(String(get.id)),
          ...(bundle === undefined ? { userProperties: { code: 'NOT_FOUND' } } : {}),
        },
      },
    );
  };

  client.on('message', (topic, payload, { qos, retain }) => {
    const kind = parseUpTopic(topic)?.kind;
    if (kind === undefined || payload.length === 0) return;
    const body: unknown = JSON.parse(payload.toString());
    options.wire?.up(kind, body, qos, retain);
    if (kind === 'stream/get') answer(StreamGet.parse(body));
    if (kind === 'birth') births.push(Birth.parse(body));
    if (kind === 'status') {
      const status = Status.parse(body);
      if (!statuses.some((known) => known.seq === status.seq)) {
        statuses.push(status);
        options.onStatus?.(status);
      }
      options.wire?.ack(status.seq);
      client.publish(down('ack'), JSON.stringify({ v: 1, seq: status.seq }), { qos: 1 });
    }
    changed();
  });
  // What is published to be retained is seen to be.
  await client.subscribeAsync(['slip/+/+/+', 'slip/+/+/stream/get'], { qos: 1, rap: true });
  options.wire?.state();
  await client.publishAsync(serverStateTopic(TENANT), JSON.stringify({ v: 1, state: 'online' }), {
    qos: 1,
    retain: true,
  });

  return {
    mqttPort: broker.devicePort,
    enrolPort,
    statuses,
    births,
    desire: async (wish) => {
      const { release } = wish;
      const message: Desired = {
        v: 1,
        seq: wish.number,
        assignment: {
          execution: executionOf(wish),
          rollout: RolloutId.parse('rol_0000000000000001'),
          release: release.result.release,
          version: release.result.version,
          bundle: release.bundle,
          expiresAt: EXPIRES_AT,
        },
      };
      options.wire?.desired(message);
      await client.publishAsync(down('desired'), JSON.stringify(message), { qos: 1, retain: true });
    },
    until: async (what, condition, { timeoutMs, signal }) => {
      if (condition()) return;
      const { promise, resolve, reject } = Promise.withResolvers<undefined>();
      const fail = (why: string): void => {
        reject(new Error(`waited in vain for ${what}: ${why}`));
      };
      const timer = setTimeout(() => fail(`not within ${timeoutMs / 1000} s`), timeoutMs);
      const look = (): void => {
        if (condition()) resolve(undefined);
      };
      const onAbort = (): void => fail(String(signal?.reason));
      waiting.add(look);
      signal?.addEventListener('abort', onAbort);
      if (signal?.aborted === true) onAbort();
      try {
        await promise;
      } finally {
        clearTimeout(timer);
        waiting.delete(look);
        signal?.removeEventListener('abort', onAbort);
      }
    },
    outcome: (wish) =>
      statuses.find((status) => status.execution === executionOf(wish) && isTerminal(status.state)),
    stop: async () => {
      await client.endAsync(true);
      https.closeAllConnections();
      await new Promise((done) => {
        https.close(done);
      });
      await broker.stop();
    },
  };
};
