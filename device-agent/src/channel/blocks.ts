import { isErrorCode, MAX_BLOCK_BYTES, SlipwayError, type Digest, type StreamGet } from '@slipway/protocol';
import { tokenBucket } from '../link/token-bucket.ts';
import type { MqttMessage, Time } from '../runtime/port.ts';

/** Requests on their way at once: 1 MiB, enough to fill a link of 100 ms and 80 Mbit/s. More is memory of the device. */
export const WINDOW = 8;
/** Blocks travel with QoS 0: one that has not come after this long is asked for again. */
const IDLE_TIMEOUT_S = 5;
const BLOCK_TIMEOUT_S = 30;
const TICK_MS = 1_000;
/** Refusals of the same block, with time between them, before the download is given up. */
const MAX_REFUSALS = 5;

/** Reads ranges of a bundle, however long that takes, as blocks over the device channel. */
export type BlockReader = {
  /** @throws {SlipwayError} DOWNLOAD_FAILED where the server refuses; never for a lost link */
  readonly read: (offset: number, length: number) => Promise<Uint8Array>;
  /** bytes that have come over the network */
  readonly received: () => number;
};

type Request = {
  readonly offset: number;
  readonly length: number;
  askedAt: number | null;
  refusals: number;
  readonly resolve: (bytes: Uint8Array) => void;
  readonly reject: (error: unknown) => void;
};

export type Blocks = {
  /** An answer on `stream/blk`. */
  readonly deliver: (message: MqttMessage) => void;
  /** Called with the way to send while requests make sense, with null while broker or server are away. */
  readonly link: (send: ((get: StreamGet) => void) | null) => void;
  readonly reader: (bundle: Digest, signal: AbortSignal) => BlockReader;
};

const MIN_BLOCK_BYTES = 4096;

/** Half a second of the rate at most, so that a slow link is not filled by one answer. */
const blockBytes = (rate = Number.POSITIVE_INFINITY): number => {
  const fits = 2 ** Math.floor(Math.log2(Math.min(rate / 2, MAX_BLOCK_BYTES)));
  return Math.max(MIN_BLOCK_BYTES, fits);
};

/** @param rateOf bytes per second that may be asked for; undefined: as many as the window holds */
export const blockTransfer = (
  runtime: { readonly time: Pick<Time, 'uptime' | 'sleep'> },
  rateOf: () => number | undefined = () => undefined,
): Blocks => {
  const bucket = tokenBucket();
  let isPaced = false;
  const waiting = new Map<number, Request & { readonly bundle: Digest }>();
  let send: ((get: StreamGet) => void) | null = null;
  let nextId = 0;
  let lastArrival = 0;

  const pump = (): void => {
    if (send === null) return;
    let outstanding = 0;
    for (const [id, request] of waiting) {
      if (outstanding >= WINDOW) return;
      outstanding++;
      if (request.askedAt !== null) continue;
      const wait = bucket.take(request.length, rateOf(), runtime.time.uptime());
      if (wait > 0) {
        void pumpLater(wait);
        return;
      }
      request.askedAt = runtime.time.uptime();
      send({ v: 1, id, bundle: request.bundle, offset: request.offset, length: request.length });
    }
  };

  const pumpLater = async (seconds: number): Promise<void> => {
    if (isPaced) return;
    isPaced = true;
    await runtime.time.sleep(Math.ceil(seconds * 1000));
    isPaced = false;
    pump();
  };

  const forgetLost = (): void => {
    const now = runtime.time.uptime();
    for (const request of waiting.values()) {
      if (request.askedAt === null) continue;
      const idle = now - Math.max(request.askedAt, lastArrival) > IDLE_TIMEOUT_S;
      if (idle || now - request.askedAt > BLOCK_TIMEOUT_S) request.askedAt = null;
    }
    pump();
  };

  const refuse = (id: number, request: Request, code: string | undefined): void => {
    request.refusals++;
    if (request.refusals < MAX_REFUSALS) return; // asked again when its time is over
    waiting.delete(id);
    request.reject(
      new SlipwayError(
        'DOWNLOAD_FAILED',
        `The server refuses ${request.length} bytes at ${request.offset}: ${code ?? 'no code'}; check that the bundle still exists.`,
        { details: { server: isErrorCode(code) ? code : 'INTERNAL' } },
      ),
    );
  };

  /** One ticker while anything is awaited. */
  let ticking = false;
  const tick = async (): Promise<void> => {
    if (ticking) return;
    ticking = true;
    while (waiting.size > 0) {
      await runtime.time.sleep(TICK_MS);
      forgetLost();
    }
    ticking = false;
  };

  const block = async (
    bundle: Digest,
    offset: number,
    length: number,
    signal: AbortSignal,
  ): Promise<Uint8Array> => {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
    const id = nextId++;
    waiting.set(id, { bundle, offset, length, askedAt: null, refusals: 0, resolve, reject });
    const onAbort = (): void => {
      reject(signal.reason);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    pump();
    void tick();
    try {
      return await promise;
    } finally {
      signal.removeEventListener('abort', onAbort);
      waiting.delete(id);
      pump();
    }
  };

  return {
    deliver: (message) => {
      const id = Number(message.correlation);
      const request = waiting.get(id);
      if (request === undefined) return; // came twice
      lastArrival = runtime.time.uptime();
      if (message.payload.length === request.length) {
        waiting.delete(id);
        request.resolve(message.payload);
        pump();
      } else refuse(id, request, message.code);
    },
    link: (next) => {
      send = next;
      for (const request of waiting.values()) request.askedAt = null;
      pump();
    },
    reader: (bundle, signal) => {
      let received = 0;
      return {
        received: () => received,
        read: async (offset, length) => {
          const parts: Promise<Uint8Array>[] = [];
          const size = blockBytes(rateOf());
          for (let at = 0; at < length; at += size) {
            parts.push(block(bundle, offset + at, Math.min(size, length - at), signal));
          }
          const bytes = new Uint8Array(length);
          let at = 0;
          for (const part of await Promise.all(parts)) {
            bytes.set(part, at);
            at += part.length;
          }
          received += length;
          return bytes;
        },
      };
    },
  };
};
