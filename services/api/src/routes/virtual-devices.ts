import { open } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import {
  ConsolePiece,
  DeviceId,
  SlipwayError,
  systemError,
  VirtualDevice,
  VirtualDeviceCreate,
} from '@slipway/protocol';
import { ConsoleText } from '@slipway/vm';
import { z } from 'zod';
import { actorOf } from '../auth.ts';
import { openEventStream } from '../event-stream.ts';
import type { VirtualDevices } from '../virtual-devices.ts';
import type { App, Context } from './context.ts';

const tags = ['Virtual devices'];
const ById = z.strictObject({ id: DeviceId });
const LOOK_MS = 300;

const must = (devices: VirtualDevices | undefined): VirtualDevices => {
  if (devices !== undefined) return devices;
  throw new SlipwayError(
    'VIRTUAL_DEVICES_OFF',
    'This server starts no virtual devices. Start one on a machine of yours: slipway virtual-device FOLDER --class CLASS.',
  );
};

export const virtualDeviceRoutes = (app: App, { images, virtualDevices }: Context): void => {
  app.get(
    '/v1/virtual-devices',
    {
      config: { access: 'read' },
      schema: {
        tags,
        summary: 'List the devices in QEMU that this server starts; none where it starts none',
        response: { 200: z.array(VirtualDevice) },
      },
    },
    async () => virtualDevices?.list() ?? [],
  );
  app.post(
    '/v1/virtual-devices',
    {
      config: { access: 'operate' },
      schema: {
        tags,
        summary: 'Make a virtual device of a build, with a claim of its own, and switch it on',
        body: VirtualDeviceCreate,
        response: { 201: VirtualDevice },
      },
    },
    async (request, reply) => {
      const devices = must(virtualDevices);
      const deviceClass = await images.get(request.body.deviceClass);
      const made = await devices.create(request.body, deviceClass, actorOf(request).name);
      return reply.code(201).header('location', `/v1/virtual-devices/${made.id}`).send(made);
    },
  );
  app.get(
    '/v1/virtual-devices/:id',
    {
      config: { access: 'read' },
      schema: { tags, summary: 'Show a virtual device', params: ById, response: { 200: VirtualDevice } },
    },
    async ({ params }) => must(virtualDevices).get(params.id),
  );
  for (const [verb, summary] of [
    ['start', 'Switch a virtual device on, with its disk as it was left'],
    ['stop', 'Pull the plug of a virtual device'],
  ] as const)
    app.post(
      `/v1/virtual-devices/:id/${verb}`,
      {
        config: { access: 'operate' },
        schema: { tags, summary, params: ById, response: { 200: VirtualDevice } },
      },
      async (request) => must(virtualDevices)[verb](request.params.id, actorOf(request).name),
    );
  app.delete(
    '/v1/virtual-devices/:id',
    {
      config: { access: 'operate' },
      schema: {
        tags,
        summary: 'Remove a virtual device with its disk; in the fleet it stays, not connected',
        params: ById,
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      await must(virtualDevices).remove(request.params.id, actorOf(request).name);
      return reply.code(204).send(null);
    },
  );
  app.get(
    '/v1/virtual-devices/:id/console',
    {
      config: { access: 'read' },
      schema: {
        tags,
        summary:
          'Console of a virtual device from its beginning, as server-sent events, until the reader goes; `data` is a ConsolePiece, `id` an offset to go on from (Last-Event-ID)',
        params: ById,
        response: { 200: { content: { 'text/event-stream': { schema: ConsolePiece } } } },
      },
    },
    async (request, reply) => {
      const path = must(virtualDevices).consoleLog(request.params.id);
      const last = request.headers['last-event-id'];
      let offset = typeof last === 'string' && /^\d{1,15}$/.test(last) ? Number(last) : 0;
      const stream = openEventStream(reply);
      const console = new ConsoleText();
      while (!stream.gone.aborted) {
        const bytes = await readFrom(path, offset);
        offset += bytes.length;
        const before = console.position();
        console.append(bytes.toString('latin1'));
        const added = console.position() - before;
        if (added > 0)
          stream.send({ id: offset, kind: 'console', data: { text: console.text().slice(-added) } });
        if (bytes.length < PIECE_BYTES)
          await delay(LOOK_MS, undefined, { signal: stream.gone }).catch(() => undefined);
      }
    },
  );
};

const PIECE_BYTES = 64 * 1024;

/** Nothing where there is no console yet. */
const readFrom = async (path: string, offset: number): Promise<Buffer> => {
  let file;
  try {
    file = await open(path, 'r');
  } catch (error) {
    if (systemError(error, ['ENOENT']) === undefined) throw error;
    return Buffer.alloc(0);
  }
  await using log = file;
  const piece = Buffer.alloc(PIECE_BYTES);
  const { bytesRead } = await log.read(piece, 0, PIECE_BYTES, offset);
  return piece.subarray(0, bytesRead);
};
