import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { connectAsync } from 'mqtt';
import {
  CommandId,
  DEFAULT_TENANT,
  DeviceId,
  deviceTopic,
  Digest,
  ExecutionId,
  parseUpTopic,
  ReleaseId,
  RolloutId,
  serverStateTopic,
  shareOf,
  Status,
  StreamGet,
  type Desired,
} from '@slipway/protocol';
import { startFleetSim } from '../start.ts';
import { conductOf, type Conduct } from './compare.ts';
import { recordWire, type Recorder, type WireEntry } from './trace.ts';

const DEVICE = DeviceId.parse('conformance');
const PATIENCE_MS = 120_000;
const LOOK_MS = 5;
const BUNDLE_BYTES = 1024 ** 2;
const EXPIRES_AT = 4_000_000_000;

const wishOf = (number: number, isAssignment: boolean): Desired => ({
  v: 1,
  seq: number,
  assignment: isAssignment
    ? {
        execution: ExecutionId.parse(`exe_${String(number).padStart(16, '0')}`),
        rollout: RolloutId.parse('rol_0000000000000001'),
        release: ReleaseId.parse(`rel_${String(number).padStart(16, '0')}`),
        version: versionOf(number),
        bundle: { digest: Digest.parse(`sha256:${String(number).padStart(64, '0')}`), size: BUNDLE_BYTES },
        expiresAt: EXPIRES_AT,
      }
    : null,
});

/** A release on which the real device went back is one on which the simulated one does. */
const goesBack = (trace: readonly WireEntry[]): boolean =>
  trace.some((entry) => entry.kind === 'status' && entry.state === 'ROLLED_BACK');
const versionOf = (number: number): string => `${number + 1}.0.0`;

/**
 * Plays the server's side of traces, one after the other, to one simulated device: what was asked of the real one, what
 * was acknowledged, each at its place in the order. Between two of them the device is restarted, as the real one was.
 *
 * @param url of a broker that lets anybody do anything
 * @returns what the simulated device did, for each trace
 */
export const replay = async (url: string, traces: readonly (readonly WireEntry[])[]): Promise<Conduct[]> => {
  const server = await connectAsync(url, { protocolVersion: 5, clientId: 'replay' });
  const topic = (kind: Parameters<typeof deviceTopic>[2]): string =>
    deviceTopic(DEFAULT_TENANT, DEVICE, kind);
  const publish = async (to: string, body: unknown, retain = false): Promise<void> => {
    await server.publishAsync(to, JSON.stringify(body), { qos: 1, retain });
  };
  let recorder: Recorder = recordWire();
  /** by the number that the trace gives them */
  let reports: number[] = [];
  let isGoingDown = false;

  server.on('message', (from, payload, { qos, retain }) => {
    const kind = parseUpTopic(from)?.kind;
    if (kind === undefined) return;
    const body: unknown = JSON.parse(payload.toString());
    recorder.up(kind, body, qos, retain);
    if (kind === 'status') {
      const { seq } = Status.parse(body);
      if (!reports.includes(seq)) reports.push(seq);
    }
    if (kind === 'death' && isGoingDown) {
      // What comes from here on belongs to the next trace.
      isGoingDown = false;
      recorder = recordWire();
      reports = [];
    }
    if (kind !== 'stream/get') return;
    const get = StreamGet.parse(body);
    server.publish(topic('stream/blk'), randomBytes(get.length), {
      qos: 0,
      properties: { correlationData: Buffer.from(String(get.id)) },
    });
  });
  const kinds = ['birth', 'death', 'status', 'progress', 'telemetry', 'result', 'log', 'stream/get'] as const;
  await server.subscribeAsync(
    Object.fromEntries(kinds.map((kind) => [topic(kind), { qos: 1 as const, rap: true }])),
  );

  const until = async (isSo: () => boolean): Promise<void> => {
    const end = performance.now() + PATIENCE_MS;
    // What does not come is seen by who compares.
    while (!isSo() && performance.now() < end) await delay(LOOK_MS);
  };
  const saidSoFar = (): number => conductOf(recorder.entries).said.length;

  const play = async (trace: readonly WireEntry[], number: number): Promise<Conduct> => {
    for (const [at, entry] of trace.entries()) {
      if (entry.kind === 'state')
        await publish(serverStateTopic(DEFAULT_TENANT, shareOf(DEVICE)), { v: 1, state: 'online' }, true);
      else if (entry.kind === 'desired')
        await publish(topic('desired'), wishOf(number, entry.assignment), true);
      else if (entry.kind === 'ack') {
        await until(() => reports.length >= entry.number);
        await publish(topic('ack'), { v: 1, seq: reports[entry.number - 1] ?? 0 });
      } else {
        const wanted = conductOf(trace.slice(0, at + 1)).said.length;
        await until(() => saidSoFar() >= wanted);
      }
    }
    await until(() => {
      const { acknowledged, made } = sim.seen();
      return acknowledged === Object.values(made).reduce((sum, count) => sum + count, 0);
    });
    return conductOf(recorder.entries);
  };

  /** Ends the boot of the trace before. */
  const restart = async (number: number): Promise<void> => {
    const id = CommandId.parse(`cmd_${String(number).padStart(16, '0')}`);
    isGoingDown = true;
    await publish(topic('cmd/reboot'), { v: 1, id, expiresAt: EXPIRES_AT });
    await until(() => !isGoingDown);
  };

  const versions = traces.flatMap((trace, at) => (goesBack(trace) ? [versionOf(at + 1)] : []));
  const sim = startFleetSim(
    {
      mqttUrl: url,
      names: [DEVICE],
      deviceClass: 'conformance',
      version: '1.0.0',
      speed: null,
      telemetrySeconds: 0,
      download: 'full',
      faults: { rollBack: 1, versions },
    },
    0,
  );
  try {
    const conducts: Conduct[] = [];
    for (const [at, trace] of traces.entries()) {
      if (at > 0) await restart(at);
      conducts.push(await play(trace, at + 1));
    }
    return conducts;
  } finally {
    await sim.close();
    await server.endAsync(true);
  }
};
