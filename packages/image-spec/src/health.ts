import { HealthGates } from '@slipway/protocol';
import { z } from 'zod';

const name = z.string().describe('Its name in reports.');

const Probe = z
  .discriminatedUnion('type', [
    z.strictObject({
      type: z.literal('http').describe('Asks a web server of the device.'),
      name,
      url: z.url({ protocol: /^https?$/ }).describe('What is asked for.'),
      status: z.int().min(100).max(599).default(200).describe('The status that is good.'),
      contains: z.string().optional().describe('What the answer must contain.'),
    }),
    z.strictObject({
      type: z.literal('tcp').describe('Connects to a port.'),
      name,
      host: z.string().describe('Host or address.'),
      port: z.int().min(1).max(65_535).describe('Port.'),
    }),
    z.strictObject({
      type: z.literal('exec').describe('Runs a program, which must end with 0.'),
      name,
      command: z.array(z.string()).min(1).describe('The program and its arguments.'),
    }),
  ])
  .meta({ id: 'probe', description: 'A test of the device.' });

/** What must hold on a device before an update is kept. */
export const Health = z.strictObject({
  deadline: HealthGates.shape.deadline
    .optional()
    .describe('Seconds from the start of the agent until the device goes back; by default 120.'),
  stable: HealthGates.shape.stable
    .optional()
    .describe('Seconds that everything must hold without a break; by default 10.'),
  services: HealthGates.shape.services.optional().describe('Services that must run; by default all.'),
  broker: HealthGates.shape.broker
    .optional()
    .describe('Whether the broker must be reached, if it was before the update; by default true.'),
  probes: z.array(Probe).optional().describe('Tests that must succeed.'),
});
