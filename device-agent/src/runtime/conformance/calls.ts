import type { MqttConnection, MqttMessage, MqttOptions, RunOptions, Runtime } from '../port.ts';

/** A message, the bytes of it as their digest, because they may be many. */
export type Received = Omit<MqttMessage, 'payload'> & {
  readonly length: number;
  readonly digest: string;
  /** of a short one */
  readonly text: string | undefined;
};

const SHORT = 1000;

/** A queue whose reader may come before what it reads. */
const queue = <T>() => {
  const items: T[] = [];
  const readers: ((item: T) => void)[] = [];
  return {
    put: (item: T): void => {
      const reader = readers.shift();
      if (reader === undefined) items.push(item);
      else reader(item);
    },
    take: async (): Promise<T> => {
      const item = items.shift();
      if (item !== undefined) return item;
      const { promise, resolve } = Promise.withResolvers<T>();
      readers.push(resolve);
      return promise;
    },
  };
};

/** The port as calls whose arguments and results may cross a pipe: what the suite asks of either runtime. */
export const callsOf = (runtime: Runtime) => {
  const { files, network, processes, time } = runtime;
  const connections = new Map<
    number,
    { readonly connection: MqttConnection; readonly messages: ReturnType<typeof queue<MqttMessage>> }
  >();
  const at = (number: number) => {
    const found = connections.get(number);
    if (found === undefined) throw new Error(`no connection ${number}`);
    return found;
  };
  return {
    read: files.read,
    replace: async (path: string, bytes: Uint8Array | string, mode?: number) =>
      files.replace(path, bytes, mode),
    poke: files.poke,
    remove: files.remove,
    rename: files.rename,
    list: files.list,
    size: files.size,
    free: files.free,
    makeDirectory: files.makeDirectory,
    digestRange: files.digest,
    readAt: async (path: string, offset: number, length: number) => {
      const file = await files.open(path, 'read');
      try {
        return await file.read(offset, length);
      } finally {
        await file.close();
      }
    },
    writeAt: async (path: string, offset: number, bytes: Uint8Array, truncateTo?: number) => {
      const file = await files.open(path, 'write');
      try {
        await file.write(offset, bytes);
        if (truncateTo !== undefined) await file.truncate(truncateTo);
        await file.sync();
      } finally {
        await file.close();
      }
    },

    /** with a file that was closed, while another is open that got its place */
    useClosed: async (path: string, other: string) => {
      const file = await files.open(path, 'write');
      await file.close();
      const next = await files.open(other, 'write');
      const attempts = [
        async () => file.write(0, new Uint8Array(1)),
        async () => file.read(0, 1),
        async () => file.truncate(0),
        async () => file.sync(),
      ];
      const failed: boolean[] = [];
      for (const attempt of attempts)
        failed.push(
          await attempt().then(
            () => false,
            () => true,
          ),
        );
      await file.close().catch(() => undefined);
      await next.write(0, new TextEncoder().encode('!'));
      await next.close();
      return failed;
    },

    digest: runtime.digest,
    /** of as many zeros, which need not cross the pipe */
    digestZeros: async (length: number) => runtime.digest(new Uint8Array(length)),
    ...runtime.crypto,
    random: async (count: number) => Array.from({ length: count }, () => runtime.random()),

    run: async (command: readonly string[], options?: RunOptions) => processes.run(command, options),
    /** as many at once */
    runMany: async (count: number, command: readonly string[]) =>
      Promise.all(Array.from({ length: count }, async () => processes.run(command))),

    now: async () => time.now(),
    uptime: async () => time.uptime(),
    sleep: async (ms: number) => time.sleep(ms),
    sleepAborted: async (ms: number, when: 'before' | 'during') => {
      const controller = new AbortController();
      if (when === 'before') controller.abort();
      const asleep = time.sleep(ms, controller.signal);
      if (when === 'during') controller.abort();
      await asleep;
    },
    zoneOffset: time.zoneOffset,

    request: network.request,
    probeTcp: network.probeTcp,
    connect: async (number: number, options: Omit<MqttOptions, 'onMessage'>) => {
      const messages = queue<MqttMessage>();
      const connection = await network.mqtt({ ...options, onMessage: messages.put });
      connections.set(number, { connection, messages });
    },
    publish: async (number: number, ...publication: Parameters<MqttConnection['publish']>) =>
      at(number).connection.publish(...publication),
    /** `length` letters */
    publishLong: async (number: number, topic: string, letter: string, length: number) =>
      at(number).connection.publish(topic, letter.repeat(length), { qos: 1 }),
    subscribe: async (number: number, topics: Parameters<MqttConnection['subscribe']>[0]) =>
      at(number).connection.subscribe(topics),
    nextMessage: async (number: number): Promise<Received> => {
      const { payload, ...message } = await at(number).messages.take();
      const text = payload.length < SHORT ? new TextDecoder().decode(payload) : undefined;
      return { ...message, length: payload.length, digest: await runtime.digest(payload), text };
    },
    closed: async (number: number) => at(number).connection.closed,
    end: async (number: number) => at(number).connection.end(),
  };
};

export type Calls = ReturnType<typeof callsOf>;
