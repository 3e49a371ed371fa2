import { z } from 'zod';
import { parseOptions } from '../parse-options.ts';

export const FLEET_HELP = `npm run bench -- fleet [options]

A whole fleet on this machine: PostgreSQL that syncs, Redis, mosquitto and gateways as processes of their own, and simulated
devices (npm run fleet-sim) that connect, send telemetry, take a release and come back after the broker was restarted.
Each figure is printed with its goal; the status is 1 where one is missed. What the servers used and what the simulator
used stand apart. For a figure of its own: --devices 15000 on a machine where nothing else runs, about ten minutes.

  --devices N        connected at the most (15000); two thirds take a release, two fifteenths have a certificate of their own
  --gateways N       that share the devices (1)
  --seconds S        how long the fleet is watched at each size (20)
  --report-seconds S how long reports are sent as fast as they are acknowledged (15); 0: not at all
  --rows N           devices in the database that queries and the planner are asked of (1000000); 0: not at all
  --dir DIR          where the figures are (.slipway/bench/fleet)
  --json FILE        what was measured, for programs (DIR/fleet.json); docs/fleet-bench.schema.json describes it`;

const Options = z.object({
  help: z.boolean().default(false),
  devices: z.coerce.number().int().min(30).max(15_000).default(15_000),
  gateways: z.coerce.number().int().min(1).max(8).default(1),
  seconds: z.coerce.number().int().min(1).default(20),
  'report-seconds': z.coerce.number().int().min(0).default(15),
  rows: z.coerce.number().int().min(0).max(10_000_000).default(1_000_000),
  dir: z.string().optional(),
  json: z.string().optional(),
});
export type FleetOptions = z.infer<typeof Options>;

const FLAGS = {
  devices: 'string',
  gateways: 'string',
  seconds: 'string',
  'report-seconds': 'string',
  rows: 'string',
  dir: 'string',
  json: 'string',
} as const;

/** @throws {SlipwayError} USAGE */
export const parseFleetOptions = (args: readonly string[]): FleetOptions =>
  parseOptions(args, FLEET_HELP, FLAGS, Options);
