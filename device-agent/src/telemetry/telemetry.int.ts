import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Telemetry } from '@slipway/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { agentConfig } from '../config.ts';
import { clockedRuntime } from '../fixture/clocked-runtime.ts';
import { telemetryReporter } from './telemetry.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'slipway-telemetry-'));
  await mkdir(join(root, 'proc'));
  await mkdir(join(root, 'data', 'slipway'), { recursive: true });
  await writeFile(join(root, 'proc', 'meminfo'), 'MemTotal: 2048 kB\nMemAvailable: 1024 kB\n');
  await writeFile(join(root, 'proc', 'loadavg'), '1.50 1 1 1/1 1\n');
});
afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

const setUp = (metered: () => boolean) => {
  const clock = clockedRuntime();
  const sent: Telemetry[] = [];
  let ticks = 0;
  const reporter = telemetryReporter({
    runtime: clock.runtime,
    config: agentConfig(root),
    policy: { telemetryInterval: 30 },
    bootId: 'boot-1',
    health: () => ({
      state: 'failed',
      services: [{ name: 'web', state: 'restarting', starts: 4 }],
      failing: ['service:web'],
    }),
    link: () => ({ kind: 'cellular', metered: metered(), reconnects: 0 }),
    send: (message) => sent.push(Telemetry.parse(message)),
  });
  return {
    sent,
    reporter,
    /** The loop of the agent looks every 10 s; each look at the processors finds half of the time busy. */
    run: async (seconds: number): Promise<void> => {
      for (let passed = 0; passed < seconds; passed += 10) {
        clock.forward(10);
        ticks += 10;
        await writeFile(join(root, 'proc', 'stat'), `cpu  ${ticks} 0 0 ${ticks} 0 0 0 0 0 0\n`);
        await reporter.tick();
      }
    },
  };
};

describe('telemetry', () => {
  test('goes every interval, with all that can be told', async () => {
    const { run, sent } = setUp(() => false);
    await run(90);
    expect(sent).toHaveLength(3);
    expect(sent[1]).toMatchObject({
      memoryAvailable: 1024 * 1024,
      memoryTotal: 2 * 1024 * 1024,
      load1: 1.5,
      cpuBusy: 0.5,
      restarts: 3,
      failing: ['service:web'],
      bootTime: 100,
      uptime: 160,
    });
    expect(sent[1]).not.toHaveProperty('samples');
    expect(sent[1]).not.toHaveProperty('temperature');
    // Nothing to compare with at the first look.
    expect(sent[0]).not.toHaveProperty('cpuBusy');
  });

  test('over a metered link goes once in ten looks, with those in between', async () => {
    const { run, sent } = setUp(() => true);
    await run(290);
    expect(sent).toHaveLength(0);
    await run(310);
    expect(sent).toHaveLength(2);
    expect(sent[0]?.samples?.map(({ uptime }) => uptime)).toEqual([
      130, 160, 190, 220, 250, 280, 310, 340, 370,
    ]);
    expect(sent[0]?.uptime).toBe(400);
  });

  test('that was held back goes with the first message over a link that is no longer metered', async () => {
    let metered = true;
    const { run, sent } = setUp(() => metered);
    await run(60);
    metered = false;
    await run(30);
    expect(sent).toHaveLength(1);
    expect(sent[0]?.samples).toHaveLength(2);
  });

  test('that is sent at once takes what was held back along', async () => {
    const { run, sent, reporter } = setUp(() => true);
    await run(60);
    await reporter.flush();
    expect(sent[0]?.samples).toHaveLength(2);
    expect((await reporter.take()).samples).toBeUndefined();
  });
});
