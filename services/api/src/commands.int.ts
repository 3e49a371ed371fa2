import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'bullmq';
import { listAudit, recordLogPiece, recordResult, redisOptions, takeCommand } from '@slipway/fleet';
import { seedDevice, seedOnlineDevice } from '@slipway/fleet/testing';
import {
  COMMAND_QUEUE,
  CommandId,
  CommandJob,
  DeviceCommand,
  DeviceEvent,
  type CommandResult,
  type DeviceId,
} from '@slipway/protocol';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { runApi, type TestApi } from './testing/running-api.ts';

/** `slipway devices …` against a running server; a worker stands for gateway and device. */
const launcher = fileURLToPath(new URL('../../../packages/cli/bin/slipway', import.meta.url));

let api: TestApi;
let device: DeviceId;
let worker: Worker | undefined;
beforeAll(async () => {
  api = await runApi();
  const up = { v: 1, apiUrl: api.url(), adminTokenFile: api.config.adminTokenFile };
  writeFileSync(api.path('up.json'), JSON.stringify(up));
  device = (await seedOnlineDevice(api.db, 'device-1')).id;
});
afterEach(async () => {
  await worker?.close();
});
afterAll(() => api.close());

const slipway = (...words: string[]): Promise<{ status: number; out: string; err: string }> =>
  new Promise((resolve) => {
    const options = { cwd: api.path('.'), env: { PATH: process.env['PATH'], SLIPWAY_DATA: api.path('.') } };
    execFile(launcher, words, options, (error, out, err) => {
      resolve({ status: error === null ? 0 : Number(error.code), out, err });
    });
  });

/** Answers the next command, after its logs. */
const answerWith = (
  result: Omit<CommandResult, 'v' | 'id'>,
  texts: readonly [string, string][] = [],
): void => {
  worker = new Worker<unknown>(
    COMMAND_QUEUE,
    async (job) => {
      const id = CommandId.parse(CommandJob.parse(job.data).commandId);
      await takeCommand(api.db, id, new Date());
      for (const [seq, [source, text]] of texts.entries())
        await recordLogPiece(api.db, device, { v: 1, id, seq, source, text }, new Date());
      await recordResult(api.db, device, { v: 1, id, ...result }, new Date());
    },
    { connection: redisOptions(api.config.redisUrl) },
  );
};

test('reboot waits for the answer, is on record, and says what the device says', async () => {
  answerWith({ ok: true, message: 'rebooting' });
  expect(await slipway('devices', 'reboot', device)).toEqual({
    status: 0,
    out: 'device-1: rebooting\n',
    err: '',
  });
  const [entry] = await listAudit(api.db, { limit: 1, offset: 0 });
  expect(entry).toMatchObject({ action: 'device.reboot', subject: device });
  const events = DeviceEvent.array().parse(
    JSON.parse((await slipway('devices', 'history', device, '--kind', 'command', 'presence', '--json')).out),
  );
  expect(events).toMatchObject([
    { kind: 'command', actor: entry?.actor, command: { state: 'succeeded', request: { name: 'reboot' } } },
    { kind: 'presence', online: true, until: null },
  ]);
  const given = await slipway('devices', 'certificates', device);
  expect(given.out).toMatch(/^SERIAL.*FINGERPRINT\n[0-9a-f]{32} +current/);
});

test('a refusal has the code that the device gave', async () => {
  answerWith({ ok: false, code: 'COMMAND_REFUSED', message: 'A trial or reboot is under way.' });
  const refused = await slipway('devices', 'rollback', device);
  expect(refused).toMatchObject({ status: 75, err: expect.stringContaining('COMMAND_REFUSED') });
});

test('a diagnostic prints what it printed, also where it failed', async () => {
  answerWith({
    ok: false,
    code: 'COMMAND_FAILED',
    message: 'Expected status 0, found 3.',
    output: 'no disk\n',
  });
  expect(await slipway('devices', 'diagnose', device, 'disk')).toMatchObject({
    status: 1,
    out: 'no disk\n',
    err: expect.stringContaining('found 3'),
  });
});

test('logs come under the names of their services', async () => {
  answerWith({ ok: true }, [
    ['agent', 'connected\n'],
    ['web', 'one\ntwo\n'],
    ['web', 'three\n'],
  ]);
  const { out, status } = await slipway('devices', 'logs', device, '-n', '3', '-s', 'web', '-s', 'agent');
  expect({ out, status }).toEqual({
    status: 0,
    out: '==> agent <==\nconnected\n==> web <==\none\ntwo\nthree\n',
  });
  const commands = await slipway('devices', 'commands', device, '--json');
  expect(DeviceCommand.array().parse(JSON.parse(commands.out))[0]?.request).toEqual({
    name: 'collect',
    services: ['web', 'agent'],
    lines: 3,
  });
});

test('a device that is offline is told at once', async () => {
  const { id } = await seedDevice(api.db, 'device-2');
  expect(await slipway('devices', 'reboot', id)).toMatchObject({
    status: 69,
    err: expect.stringContaining('DEVICE_OFFLINE'),
  });
});

test('what is no command is refused', async () => {
  const answer = await fetch(`${api.url()}/v1/devices/${device}/commands`, {
    method: 'POST',
    headers: { authorization: `Bearer ${api.token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'exec', command: ['rm'] }),
  });
  expect(answer.status).toBe(400);
});
