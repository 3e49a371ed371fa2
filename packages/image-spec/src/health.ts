import { HealthGates, ResourceGates } from '@slipway/protocol';
import { z } from 'zod';
import { Size } from './size.ts';

const name = z.string().describe('Its name in reports.');

const timing = {
  timeout: z
    .int()
    .min(1)
    .max(60)
    .optional()
    .describe('Seconds until it has failed if it does not answer; by default 10.'),
  interval: z
    .int()
    .min(1)
    .max(3600)
    .optional()
    .describe('Seconds between two tests; by default as often as the agent looks (1 on trial, later 10).'),
  retries: z
    .int()
    .min(0)
    .max(100)
    .optional()
    .describe('Failures in a row that are forgiven once it has succeeded; by default none.'),
};

const Probe = z
  .discriminatedUnion('type', [
    z.strictObject({
      type: z.literal('http').describe('Asks a web server of the device.'),
      name,
      url: z.url({ protocol: /^https?$/ }).describe('What is asked for.'),
      status: z.int().min(100).max(599).default(200).describe('The status that is good.'),
      contains: z.string().optional().describe('What the answer must contain.'),
      ...timing,
    }),
    z.strictObject({
      type: z.literal('tcp').describe('Connects to a port.'),
      name,
      host: z.string().describe('Host or address.'),
      port: z.int().min(1).max(65_535).describe('Port.'),
      ...timing,
    }),
    z.strictObject({
      type: z.literal('exec').describe('Runs a program, which must end with 0.'),
      name,
      command: z.array(z.string()).min(1).describe('The program and its arguments.'),
      ...timing,
    }),
  ])
  .meta({ id: 'probe', description: 'A test of the device.' });

const Resources = z.strictObject({
  memory: Size.optional().describe('Memory that must be available, at least.'),
  disk: Size.optional().describe('Room that must be free on /data, at least.'),
  load: ResourceGates.shape.load.describe('Load over one minute, at most.'),
  temperature: z
    .number()
    .min(-50)
    .max(200)
    .optional()
    .describe('Degrees Celsius of the hottest thermal zone, at most; holds where there is none.'),
});

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
  resources: Resources.optional().describe('What must be left of memory and the like.'),
});
