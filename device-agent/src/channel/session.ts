import {
  SESSION_EXPIRY_S,
  deviceTopic,
  messageOf,
  type Command,
  type Death,
  type UpKind,
} from '@slipway/protocol';
import type { Clock, Event } from '../core/index.ts';
import type { Credentials } from '../enrol/credentials.ts';
import type { Identity } from '../enrol/identity.ts';
import type { MqttConnection, MqttMessage, Runtime } from '../runtime/port.ts';
import type { Blocks } from './blocks.ts';
import { DELIVERY, subscriptionsOf, WILL_DELAY_S, type Uplink } from './delivery.ts';
import { readDownlink } from './downlink.ts';
import { countDrop, reconnectDelayMs } from './reconnect.ts';

const GOODBYE_MS = 5_000;
/** Messages on their way at once; beyond that those with QoS 0 are dropped, so that a slow link costs no memory. */
const MAX_PENDING = 64;

export type Session = {
  /** Lost where there is no connection; what must not be lost lies in the outbox. */
  readonly send: <K extends UpKind>(kind: K, message: Uplink[K]) => void;
  /**
   * @param qos another than usual for the kind
   * @returns whether the broker has it (QoS 1), or it has left the device (QoS 0)
   */
  readonly deliver: <K extends UpKind>(kind: K, message: Uplink[K], qos?: 1) => Promise<boolean>;
  readonly isConnected: () => boolean;
  /** connections made so far */
  readonly connections: () => number;
  /** Ends the connection there is; the next one is made with what `credentials` offer then. */
  readonly reconnect: () => void;
  /** Says goodbye and closes. */
  readonly leave: () => Promise<void>;
  readonly done: Promise<void>;
};

export type SessionOptions = {
  readonly runtime: Runtime;
  readonly identity: Identity;
  /** what to connect with, and who hears how that went */
  readonly credentials: Pick<Credentials, 'offer' | 'tried'>;
  /** PEM */
  readonly serverCa: string;
  readonly blocks: Blocks;
  /** Resolves when the state is saved. */
  readonly dispatch: (event: Event) => Promise<void>;
  readonly clock: () => Clock;
  readonly onCommand: (command: Command, retained: boolean) => void;
  /** number of the connection about to be made */
  readonly connection: () => number;
  readonly signal: AbortSignal;
};

/** The device channel: connected as long as the broker is there, tried again with full jitter where it is not. */
export const openSession = (options: SessionOptions): Session => {
  const { runtime, identity, blocks, dispatch, signal } = options;
  const topic = (kind: Parameters<typeof deviceTopic>[2]): string =>
    deviceTopic(identity.tenant, identity.deviceId, kind);
  let current: MqttConnection | undefined;
  let isServerThere = true;

  let connections = 0;
  let pending = 0;

  const deliver: Session['deliver'] = async (kind, message, asked) => {
    const qos = asked ?? DELIVERY[kind].qos;
    if (current === undefined || (qos === 0 && pending >= MAX_PENDING)) return false;
    pending++;
    try {
      await current.publish(topic(kind), JSON.stringify(message), { ...DELIVERY[kind], qos });
      return true;
    } catch {
      return false;
    } finally {
      pending--;
    }
  };
  const send: Session['send'] = (kind, message) => {
    void deliver(kind, message);
  };

  /** Bulk transfer only while both broker and server are there. */
  const relink = (): void => {
    const open = current !== undefined && isServerThere;
    blocks.link(
      open
        ? (get) => {
            send('stream/get', get);
          }
        : null,
    );
  };

  const onMessage = (message: MqttMessage): void => {
    const said = readDownlink(identity, message);
    switch (said.kind) {
      case 'block':
        blocks.deliver(message);
        return;
      case 'desired':
        void dispatch({ kind: 'desired', message: said.message, clock: options.clock() });
        return;
      case 'ack':
        void dispatch({ kind: 'ack', seq: said.seq });
        return;
      case 'server':
        isServerThere = said.isThere;
        relink();
        return;
      case 'command':
        options.onCommand(said.command, message.retained);
        return;
      case 'ignored':
        if (said.line !== null) runtime.log(said.line);
        return;
      default:
        said satisfies never;
    }
  };

  const connectOnce = async (): Promise<string> => {
    await dispatch({ kind: 'connecting' });
    const death: Death = { v: 1, connection: options.connection(), reason: 'lost' };
    const offer = await options.credentials.offer();
    const connection = await runtime.network
      .mqtt({
        url: offer.identity.mqttUrl,
        clientId: identity.deviceId,
        key: offer.key,
        certificate: offer.identity.certificate,
        ca: options.serverCa,
        will: { topic: topic('death'), payload: JSON.stringify(death), delaySeconds: WILL_DELAY_S },
        sessionExpirySeconds: SESSION_EXPIRY_S,
        onMessage,
      })
      .catch(async (error: unknown) => {
        await options.credentials.tried(false);
        throw error;
      });
    try {
      await connection.subscribe(subscriptionsOf(identity.tenant, identity.deviceId));
      current = connection;
      connections++;
      relink();
      runtime.log('connected');
      await options.credentials.tried(true).catch((error: unknown) => {
        runtime.log(`the next certificate is not in its place yet: ${messageOf(error)}`);
      });
      await dispatch({ kind: 'connected' });
      return await connection.closed;
    } finally {
      current = undefined;
      relink();
      await dispatch({ kind: 'disconnected' });
      await connection.end().catch(() => undefined);
    }
  };

  const run = async (): Promise<void> => {
    let drops = 0;
    while (!signal.aborted) {
      const begun = runtime.time.uptime();
      const reason = await connectOnce().catch(messageOf);
      if (signal.aborted) return;
      runtime.log(`not connected: ${reason}`);
      drops = countDrop(drops, runtime.time.uptime() - begun);
      await runtime.time.sleep(reconnectDelayMs(drops, runtime.random()), signal);
    }
  };

  return {
    send,
    deliver,
    connections: () => connections,
    isConnected: () => current !== undefined,
    reconnect: () => {
      current?.end().catch(() => undefined);
    },
    leave: async () => {
      const connection = current;
      if (connection === undefined) return;
      const death: Death = { v: 1, connection: options.connection(), reason: 'shutdown' };
      const goodbye = async (): Promise<void> => {
        // The acknowledgement of the last publication means that those before it have arrived as well.
        await connection.publish(topic('death'), JSON.stringify(death), DELIVERY.death);
        await connection.end();
      };
      await Promise.race([goodbye().catch(() => undefined), runtime.time.sleep(GOODBYE_MS)]);
    },
    done: run(),
  };
};
