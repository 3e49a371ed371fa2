import { open, type FileHandle } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import {
  Birth,
  EnrolRequest,
  ExecutionId,
  RolloutId,
  Status,
  StreamGet,
  Telemetry,
  deviceTopic,
  isTerminal,
  parseUpTopic,
  serverStateTopic,
  shareOf,
  type Assignment,
  type BuildResult,
  type Desired,
  type DeviceId,
  type HealthState,
  type TenantId,
  type UpKind,
} from '@slipway/protocol';
import { signDeviceCsr } from '@slipway/signing';
import { connectAsync } from 'mqtt';
import { CLOUD_ADDRESS, GUEST_MQTT_URL } from './addresses.ts';
import { startBroker, type CloudAuthorities } from './broker.ts';

/** What a device can be asked to take. */
export type OfferedRelease = {
  readonly result: Pick<BuildResult, 'release' | 'version'>;
  readonly bundle: Assignment['bundle'];
  readonly bundleFile: string;
};

export type CloudOptions = {
  /** of this cloud alone */
  readonly folder: string;
  readonly authorities: CloudAuthorities;
  readonly tenant: TenantId;
  /** the id that the device has, or gets when it enrols */
  readonly device: DeviceId;
  /** bundles that may be asked for */
  readonly releases: readonly OfferedRelease[];
  /** called for what a device says, while the device waits for nothing */
  readonly onStatus?: (status: Status) => void;
  /** told what goes over the wire */
  readonly wire?: Wire;
};

/** Writes down the messages of a device, and what it is sent. */
export type Wire = {
  readonly up: (kind: UpKind, body: unknown, qos: number, retain: boolean) => void;
  readonly ack: (seq: number) => void;
  readonly state: () => void;
  readonly desired: (message: Desired) => void;
};

/** What the device is told to be at, and by which number the broker has known it. */
export type Wish = {
  readonly number: number;
  readonly release: OfferedRelease;
  /** also where the device has given it up before; absent: 0 */
  readonly retry?: number;
};

export const executionOf = ({ number }: Pick<Wish, 'number'>): ExecutionId =>
  ExecutionId.parse(`exe_${String(number).padStart(16, '0')}`);

export type Cloud = {
  readonly mqttPort: number;
  readonly enrolPort: number;
  readonly statuses: readonly Status[];
  readonly births: readonly Birth[];
  /** as the device said last, of its present boot */
  readonly health: () => HealthState | undefined;
  readonly desire: (wish: Wish) => Promise<void>;
  /** @throws where it did not happen in time, or `signal` came */
  readonly until: (what: string, condition: () => boolean, wait: Wait) => Promise<void>;
  readonly outcome: (wish: Wish) => Status | undefined;
  readonly stop: () => Promise<void>;
};

export type Wait = { readonly timeoutMs: number; readonly signal?: AbortSignal };

/** What the certificate of the broker is for; we ourselves come over loopback. */
const WHERE_DEVICES_FIND_IT = {
  checkServerIdentity: (_host: string, certificate: PeerCertificate) =>
    checkServerIdentity(CLOUD_ADDRESS, certificate),
};

const EXPIRES_AT = 4_000_000_000;

/**
 * The server side of the device channel for one device: a broker of its own, enrolment, blocks and acknowledgements.
 * It starts without memory; what a device reported before is for the caller to know.
 */
export const startCloud = async (options: CloudOptions): Promise<Cloud> => {
  const { authorities, tenant, device } = options;
  await using undo = new AsyncDisposableStack();
  const broker = await startBroker(options.folder, authorities, tenant);
  undo.defer(() => broker.stop());
  const bundles = new Map<string, FileHandle>();
  for (const { bundle, bundleFile } of options.releases) {
    const file = await open(bundleFile);
    undo.defer(() => file.close());
    bundles.set(bundle.digest, file);
  }
  const statuses: Status[] = [];
  const births: Birth[] = [];
  let health: HealthState | undefined;
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
        void signDeviceCsr({ csrPem: csr, deviceId: device, ca: authorities.devices }).then(
          ({ certificatePem }) => {
            response.writeHead(201, { 'content-type': 'application/json' });
            response.end(
              JSON.stringify({
                v: 1,
                deviceId: device,
                tenant,
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
  undo.defer(async () => {
    https.closeAllConnections();
    await new Promise((done) => {
      https.close(done);
    });
  });
  const { port: enrolPort } = https.address() as AddressInfo; // oxlint-disable-line typescript/no-unsafe-type-assertion -- listening on TCP

  const client = await connectAsync(`mqtts://127.0.0.1:${broker.gatewayPort}`, {
    protocolVersion: 5,
    clientId: 'gateway',
    key: authorities.gateway.keyPem,
    cert: authorities.gateway.certificatePem,
    ca: authorities.serverCaPem,
    ...WHERE_DEVICES_FIND_IT,
  });
  undo.defer(() => client.endAsync(true));
  const down = (kind: Parameters<typeof deviceTopic>[2]): string => deviceTopic(tenant, device, kind);

  const answer = async ({ id, bundle, offset, length }: StreamGet): Promise<void> => {
    const file = bundles.get(bundle);
    const block = Buffer.alloc(length);
    const { bytesRead } = (await file?.read(block, 0, length, offset)) ?? { bytesRead: 0 };
    client.publish(down('stream/blk'), block.subarray(0, bytesRead), {
      qos: 0,
      properties: {
        correlationData: Buffer.from(String(id)),
        ...(file === undefined ? { userProperties: { code: 'NOT_FOUND' } } : {}),
      },
    });
  };

  client.on('message', (topic, payload, { qos, retain }) => {
    const kind = parseUpTopic(topic)?.kind;
    if (kind === undefined || payload.length === 0) return;
    const body: unknown = JSON.parse(payload.toString());
    options.wire?.up(kind, body, qos, retain);
    // Only a cloud that is being stopped cannot read its file.
    if (kind === 'stream/get') answer(StreamGet.parse(body)).catch(() => undefined);
    if (kind === 'birth') {
      births.push(Birth.parse(body));
      health = births.at(-1)?.health;
    }
    if (kind === 'telemetry') {
      const telemetry = Telemetry.parse(body);
      if (telemetry.bootId === births.at(-1)?.bootId) ({ health } = telemetry);
    }
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
  await client.publishAsync(
    serverStateTopic(tenant, shareOf(device)),
    JSON.stringify({ v: 1, state: 'online' }),
    {
      qos: 1,
      retain: true,
    },
  );

  const running = undo.move();
  return {
    mqttPort: broker.devicePort,
    enrolPort,
    statuses,
    births,
    health: () => health,
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
          ...(wish.retry === undefined ? {} : { retry: wish.retry }),
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
    stop: () => running.disposeAsync(),
  };
};
