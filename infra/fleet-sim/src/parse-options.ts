import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { messageOf, SlipwayError } from '@slipway/protocol';
import { z } from 'zod';
import { SimIdentity, simNames, SimOptions } from './options.ts';

export const HELP = `npm run fleet-sim -- --class NAME --mqtt-url URL [options]
npm run fleet-sim -- enrol --help

Simulated devices: the agent's own core and messages, on machines that are simulated. They connect, take what they are
offered, and go on until Ctrl-C. docs/fleet-sim.md tells where the devices and the listener come from.

  --class NAME       device class that the devices are enrolled in
  --mqtt-url URL     mqtt://HOST:PORT of a listener that takes the client id for who a device is
  --devices N        how many (100), named --prefix and a number
  --prefix TEXT      (sim-)
  --from N           number of the first (0)
  --arch ARCH        amd64, arm64, arm/v7, riscv64 or s390x (amd64)
  --version V        what runs on them at first (0.1.0)
  --tenant NAME      (default)

  --identities FILE  devices that connect with a certificate, besides; a line of JSON each: deviceId, key, certificate
  --mtls-url URL     mqtts://HOST:PORT for those
  --ca FILE          PEM, by which that broker is known

  --connects N       connections begun in a second, at the start (500)
  --telemetry S      seconds between two telemetry messages of a device; 0: only what a device must send (30)
  --keepalive S      (30)
  --download HOW     full, first-block or none: how much of a bundle is asked for (first-block)
  --download-time S  real seconds that a download takes at least (0)
  --boot S           seconds that a boot takes (20)
  --stable S         seconds that gates must hold (10)
  --speed N          how much faster than a real device (1)
  --instant          as fast as possible

  --drops P          probability that a connection is cut within a minute (0)
  --rate MIN:MAX     bytes per second of a download; each device has its own
  --roll-back SHARE  of devices on which a release does not pass its gates
  --panic SHARE      of devices on which its kernel panics
  --refuse SHARE     of devices that find its signature wrong
  --bad V[,V]        versions that fail so; all others go well (every version)
  --accepts SHARE    of devices where somebody accepts an install that asks, as in a rollout of mode soft
  --defers SHARE     where somebody defers it once, by --defer S real seconds (60), and accepts it then
  --declines SHARE   where somebody refuses it
  --skewed SHARE     of devices whose clock is off, by up to --skew S seconds (3600)
  --zones Z[,Z]      time zones that devices are in, such as Europe/Vienna,America/New_York (UTC)
  --seed N           which devices these are (1)

  --seconds N        end after so long
  --settled N        end once N executions are over and acknowledged
  --json FILE        what was seen, for programs; - is the output
  --help

Exit status: 0; 1 if a device was told to install something twice, or armed a release twice; 64 for wrong options.`;

export type Parsed = {
  readonly help: boolean;
  readonly sim: SimOptions;
  readonly seconds: number | undefined;
  readonly settled: number | undefined;
  readonly json: string | undefined;
};

const TEXT = { type: 'string' } as const;
const FLAGS = {
  class: TEXT,
  'mqtt-url': TEXT,
  devices: TEXT,
  prefix: TEXT,
  from: TEXT,
  arch: TEXT,
  version: TEXT,
  tenant: TEXT,
  identities: TEXT,
  'mtls-url': TEXT,
  ca: TEXT,
  connects: TEXT,
  telemetry: TEXT,
  keepalive: TEXT,
  download: TEXT,
  'download-time': TEXT,
  boot: TEXT,
  stable: TEXT,
  speed: TEXT,
  instant: { type: 'boolean' },
  drops: TEXT,
  rate: TEXT,
  'roll-back': TEXT,
  panic: TEXT,
  refuse: TEXT,
  bad: TEXT,
  zones: TEXT,
  accepts: TEXT,
  defers: TEXT,
  defer: TEXT,
  declines: TEXT,
  skewed: TEXT,
  skew: TEXT,
  seed: TEXT,
  seconds: TEXT,
  settled: TEXT,
  json: TEXT,
  help: { type: 'boolean', short: 'h' },
} as const;

const number = z.coerce.number();
const Numbers = z.object({
  devices: number.int().min(0).max(200_000).default(100),
  from: number.int().min(0).default(0),
  connects: number.optional(),
  telemetry: number.optional(),
  keepalive: number.optional(),
  'download-time': number.optional(),
  boot: number.optional(),
  stable: number.optional(),
  speed: number.optional(),
  drops: number.optional(),
  'roll-back': number.optional(),
  panic: number.optional(),
  refuse: number.optional(),
  accepts: number.optional(),
  defers: number.optional(),
  defer: number.optional(),
  declines: number.optional(),
  skewed: number.optional(),
  skew: number.default(3600),
  seed: number.int().optional(),
  seconds: number.positive().optional(),
  settled: number.int().min(1).optional(),
});

const parseRate = (text: string): { min: number; max: number } => {
  const [min, max = min] = text.split(':').map(Number);
  return { min: min ?? 0, max: max ?? 0 };
};

/** Files may end in an empty line. */
const readIdentities = (file: string): SimIdentity[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => SimIdentity.parse(JSON.parse(line)));

/** Without what was not given, so that the defaults of the options count. */
const given = <T extends object>(values: T): T =>
  // eslint-disable-next-line typescript/no-unsafe-type-assertion -- the entries are those of T
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;

/** @throws {SlipwayError} USAGE */
export const parseOptions = (args: readonly string[]): Parsed => {
  try {
    const { values } = parseArgs({ args: [...args], options: FLAGS });
    const numbers = Numbers.parse(values);
    const { seconds, settled } = numbers;
    const rest = { help: values.help === true, seconds, settled, json: values.json };
    const identities = values.identities === undefined ? [] : readIdentities(values.identities);
    const sim = SimOptions.parse(
      given({
        // Nothing connects there where every device has a certificate.
        mqttUrl: values['mqtt-url'] ?? (rest.help || identities.length > 0 ? 'mqtt://127.0.0.1' : undefined),
        names:
          values['mqtt-url'] === undefined
            ? []
            : simNames(values.prefix ?? 'sim-', numbers.devices, numbers.from),
        mutualTls:
          identities.length === 0
            ? undefined
            : { url: values['mtls-url'], ca: readFileSync(values.ca ?? '', 'utf8'), identities },
        tenant: values.tenant,
        deviceClass: values.class ?? (rest.help ? 'any' : undefined),
        arch: values.arch,
        version: values.version,
        connectsPerSecond: numbers.connects,
        telemetrySeconds: numbers.telemetry,
        keepaliveSeconds: numbers.keepalive,
        download: values.download,
        downloadSeconds: numbers['download-time'],
        bootSeconds: numbers.boot,
        stableSeconds: numbers.stable,
        speed: values.instant === true ? null : numbers.speed,
        zones: values.zones?.split(','),
        seed: numbers.seed,
        faults: given({
          dropsPerMinute: numbers.drops,
          rate: values.rate === undefined ? undefined : parseRate(values.rate),
          rollBack: numbers['roll-back'],
          panic: numbers.panic,
          refuse: numbers.refuse,
          versions: values.bad?.split(','),
          accepts: numbers.accepts,
          defers: numbers.defers,
          deferSeconds: numbers.defer,
          declines: numbers.declines,
          skewed: numbers.skewed,
          skewSeconds: numbers.skewed === undefined ? undefined : numbers.skew,
        }),
      }),
    );
    return { ...rest, sim };
  } catch (cause) {
    const why = cause instanceof z.ZodError ? z.prettifyError(cause) : messageOf(cause);
    throw new SlipwayError('USAGE', `${why}\n\n${HELP}`, { cause });
  }
};
