import { Digest, MAX_BLOCK_BYTES, type StreamGet } from '@slipway/protocol';
import { expect, test } from 'vitest';
import { blockTransfer, WINDOW } from './blocks.ts';

const bundle = Digest.parse(`sha256:${'0'.repeat(64)}`);

/** Time that moves when the test says so; each move lets one tick of the transfer pass. */
const makeClock = () => {
  let now = 0;
  let wake = Promise.withResolvers<undefined>();
  return {
    time: { now: () => now, uptime: () => now, sleep: async () => wake.promise.then(() => undefined) },
    forward: async (seconds: number): Promise<void> => {
      now += seconds;
      wake.resolve(undefined);
      wake = Promise.withResolvers<undefined>();
      await new Promise((done) => setImmediate(done));
    },
  };
};

const setUp = (rateOf: () => number | undefined = () => undefined) => {
  const clock = makeClock();
  const asked: StreamGet[] = [];
  const blocks = blockTransfer(clock, rateOf);
  const answer = (get: StreamGet | undefined, code?: string): void => {
    if (get === undefined) throw new Error('nothing was asked for');
    const payload =
      code === undefined ? new Uint8Array(get.length).fill(get.offset / MAX_BLOCK_BYTES) : new Uint8Array();
    blocks.deliver({ topic: '', payload, retained: false, correlation: `${get.id}`, code });
  };
  const online = (): void => {
    blocks.link((get) => asked.push(get));
  };
  return {
    clock,
    asked,
    blocks,
    answer,
    online,
    reader: blocks.reader(bundle, new AbortController().signal),
  };
};

test('a range is asked for in blocks and put together, whatever their order', async () => {
  const { asked, answer, online, reader } = setUp();
  online();
  const read = reader.read(0, 2 * MAX_BLOCK_BYTES + 5);
  expect(asked.map(({ offset, length }) => [offset, length])).toEqual([
    [0, MAX_BLOCK_BYTES],
    [MAX_BLOCK_BYTES, MAX_BLOCK_BYTES],
    [2 * MAX_BLOCK_BYTES, 5],
  ]);
  for (const get of asked.toReversed()) answer(get);
  const bytes = await read;
  expect([bytes[0], bytes[MAX_BLOCK_BYTES], bytes[2 * MAX_BLOCK_BYTES + 4]]).toEqual([0, 1, 2]);
});

test('no more requests than the window are on their way', async () => {
  const { asked, answer, online, reader } = setUp();
  online();
  const read = reader.read(0, (WINDOW + 4) * MAX_BLOCK_BYTES);
  expect(asked).toHaveLength(WINDOW);
  answer(asked[0]);
  expect(asked).toHaveLength(WINDOW + 1);
  for (let at = 1; at < WINDOW + 4; at++) answer(asked[at]);
  expect(await read).toHaveLength((WINDOW + 4) * MAX_BLOCK_BYTES);
});

test('a block that is lost is asked for again, one that comes twice counts once', async () => {
  const { clock, asked, answer, online, reader } = setUp();
  online();
  const read = reader.read(0, 2 * MAX_BLOCK_BYTES);
  answer(asked[1]);
  await clock.forward(6);
  expect(asked.map(({ id }) => id)).toEqual([0, 1, 0]);
  answer(asked[2]);
  answer(asked[0]);
  expect(await read).toHaveLength(2 * MAX_BLOCK_BYTES);
  expect(reader.received()).toBe(2 * MAX_BLOCK_BYTES);
});

test('without a link nothing is asked for; with it everything open is', async () => {
  const { clock, asked, answer, blocks, online, reader } = setUp();
  const read = reader.read(0, 10);
  await clock.forward(100);
  expect(asked).toHaveLength(0);
  online();
  expect(asked).toHaveLength(1);
  blocks.link(null);
  online();
  expect(asked).toHaveLength(2);
  answer(asked[1]);
  expect(await read).toHaveLength(10);
});

test('a server that keeps refusing ends the download with its code', async () => {
  const { clock, asked, answer, online, reader } = setUp();
  online();
  const read = reader.read(0, 10);
  const outcome = read.catch((error: unknown) => error);
  for (let refusals = 0; refusals < 5; refusals++) {
    answer(asked.at(-1), 'NOT_FOUND');
    await clock.forward(6);
  }
  expect(await outcome).toMatchObject({
    code: 'DOWNLOAD_FAILED',
    message: expect.stringContaining('NOT_FOUND'),
  });
  expect(asked).toHaveLength(5);
});

test('an aborted read ends', async () => {
  const { blocks } = setUp();
  const controller = new AbortController();
  const read = blocks.reader(bundle, controller.signal).read(0, 10);
  controller.abort(new Error('stopped'));
  await expect(read).rejects.toThrow('stopped');
});

/** Answers everything as soon as it is asked for, second by second; bytes asked for after each. */
const askedEachSecond = async (
  { clock, asked, answer }: ReturnType<typeof setUp>,
  seconds: number,
): Promise<readonly number[]> => {
  const counts: number[] = [];
  let answered = 0;
  for (let second = 0; second < seconds; second++) {
    while (answered < asked.length) answer(asked[answered++]);
    counts.push(asked.reduce((sum, { length }) => sum + length, 0));
    await clock.forward(1);
  }
  return counts;
};

test('with a rate no more bytes are asked for than have become due, and no fewer', async () => {
  const rate = 64 * 1024;
  const size = 1024 * 1024;
  const transfer = setUp(() => rate);
  transfer.online();
  const read = transfer.reader.read(0, size);
  const counts = await askedEachSecond(transfer, 20);
  const block = rate / 2;
  for (const [second, bytes] of counts.entries()) {
    expect(bytes).toBeLessThanOrEqual(rate * (second + 1) + block);
    expect(bytes).toBeGreaterThanOrEqual(Math.min(size, rate * second));
  }
  expect(await read).toHaveLength(size);
});

test('blocks of a slow link are small', async () => {
  const transfer = setUp(() => 8 * 1024);
  transfer.online();
  const read = transfer.reader.read(0, 16 * 1024);
  await askedEachSecond(transfer, 10);
  expect(new Set(transfer.asked.map(({ length }) => length))).toEqual(new Set([4096]));
  expect(await read).toHaveLength(16 * 1024);
});

test('a link that is no longer metered goes on at full speed', async () => {
  let rate: number | undefined = 4096;
  const transfer = setUp(() => rate);
  transfer.online();
  const read = transfer.reader.read(0, 40 * 4096);
  await askedEachSecond(transfer, 5);
  expect(transfer.asked.length).toBeLessThan(10);
  rate = undefined;
  await askedEachSecond(transfer, 2);
  expect(await read).toHaveLength(40 * 4096);
});
