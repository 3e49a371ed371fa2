import { describe, expect, test } from 'vitest';
import { clockedRuntime } from '../fixture/clocked-runtime.ts';
import { brokerWatch } from './broker.ts';

/** A broker that answers when the test says so. */
const setUp = () => {
  const clock = clockedRuntime();
  const asked: PromiseWithResolvers<boolean>[] = [];
  const watch = brokerWatch(clock.runtime, async () => {
    const answer = Promise.withResolvers<boolean>();
    asked.push(answer);
    return answer.promise;
  });
  const settle = async (arrived: boolean): Promise<void> => {
    asked.at(-1)?.resolve(arrived);
    await new Promise((done) => setImmediate(done));
  };
  return { clock, asked, settle, look: () => watch.look().ok, saw: () => watch.look().saw };
};

describe('the broker as a gate', () => {
  test('is open until an acknowledgement has come back', async () => {
    const { look, settle, asked, saw } = setUp();
    expect(look()).toBe(false);
    expect(saw()).toContain('none has come');
    expect(asked).toHaveLength(1);
    await settle(true);
    expect(look()).toBe(true);
  });

  test('is not open because asking it failed, and is asked again', async () => {
    const { look, asked } = setUp();
    look();
    asked.at(-1)?.reject(new Error('no telemetry could be read'));
    await new Promise((done) => setImmediate(done));
    expect(look()).toBe(false);
    expect(asked).toHaveLength(2);
  });

  test('is asked again every 10 s, not more often, and not while an answer is awaited', async () => {
    const { clock, look, settle, asked } = setUp();
    look();
    clock.forward(20);
    look();
    expect(asked).toHaveLength(1);
    await settle(true);
    clock.forward(1);
    look();
    expect(asked).toHaveLength(2);
    await settle(true);
    clock.forward(9);
    look();
    expect(asked).toHaveLength(2);
    clock.forward(1);
    look();
    expect(asked).toHaveLength(3);
  });

  test('is open again when the connection stands and nothing comes back any more', async () => {
    const { clock, look, settle, saw } = setUp();
    look();
    await settle(true);
    clock.forward(29);
    expect(look()).toBe(true);
    clock.forward(1);
    expect(look()).toBe(false);
    expect(saw()).toContain('30 s ago');
  });

  test('is asked again at the next look where there was no connection', async () => {
    const { look, settle, asked } = setUp();
    look();
    await settle(false);
    expect(look()).toBe(false);
    expect(asked).toHaveLength(2);
  });
});
