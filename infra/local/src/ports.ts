import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { SlipwayError } from '@slipway/protocol';
import { z } from 'zod';

const port = z.int().min(1).max(65_535);

/** Loopback ports. Images carry two of them, so they stay what they were at the first start. */
export const Ports = z.object({
  /** HTTP API */
  api: port,
  /** enrolment, HTTPS, for devices */
  enrol: port,
  /** MQTT for devices */
  mqtt: port,
  /** MQTT for the gateway */
  mqttGateway: port,
});
export type Ports = z.infer<typeof Ports>;
/** Instances of before may have known fewer. */
const PortsFile = Ports.partial();
const NAMES = ['api', 'enrol', 'mqtt', 'mqttGateway'] as const;

const HOST = '127.0.0.1';

/** @returns a function that frees the port */
const bind = async (wanted: number): Promise<{ port: number; free: () => Promise<void> }> => {
  const server = createServer();
  server.listen(wanted, HOST);
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' ? (address?.port ?? 0) : 0,
    free: async () => {
      server.close();
      await once(server, 'close');
    },
  };
};

const readPorts = async (file: string): Promise<z.infer<typeof PortsFile>> => {
  try {
    return PortsFile.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {};
    throw new SlipwayError('CONFIG_INVALID', `${file} does not hold ports; mend or remove it.`, {
      cause: error,
    });
  }
};

/**
 * The ports asked for, else those of the first start, else free ones; remembered in `file`.
 *
 * @throws {SlipwayError} CONFLICT where something else listens on one
 */
export const choosePorts = async (file: string, asked: Partial<Ports>): Promise<Ports> => {
  const known: z.infer<typeof PortsFile> = { ...(await readPorts(file)), ...asked };
  const chosen: z.infer<typeof PortsFile> = {};
  // All are held until all are chosen, so that no two are the same.
  const held: (() => Promise<void>)[] = [];
  try {
    for (const name of NAMES) {
      const { port, free } = await bind(known[name] ?? 0).catch((error: unknown) => {
        throw new SlipwayError(
          'CONFLICT',
          `Port ${known[name]} (${name}) of ${HOST} is in use. Stop who listens there, or choose another: by its ` +
            `option, or in ${file}; devices with images that carry the old one will not find it.`,
          { cause: error },
        );
      });
      chosen[name] = port;
      held.push(free);
    }
  } finally {
    await Promise.all(held.map((free) => free()));
  }
  const ports = Ports.parse(chosen);
  await writeFile(file, `${JSON.stringify(ports, null, 2)}\n`);
  return ports;
};
