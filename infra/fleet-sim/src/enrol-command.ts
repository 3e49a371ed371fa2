import { createWriteStream, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { once } from 'node:events';
import { Arch, ClassName, messageOf, SlipwayError } from '@slipway/protocol';
import { z } from 'zod';
import { enrolDevices } from './enrol.ts';

export const ENROL_HELP = `npm run fleet-sim -- enrol --class NAME --url URL --ca FILE --claim TOKEN --identities FILE [options]

Enrols devices that are to be simulated, by the server's enrolment: a key, a request and a certificate for each.

  --class NAME       device class
  --url URL          https://HOST:PORT/v1/enrol
  --ca FILE          PEM, by which the server is known
  --claim TOKEN      of a claim with as many uses: slipway claims create --class NAME --uses N --id-pattern 'sim-{n:5}'
  --identities FILE  a line of JSON for each device is added: deviceId, key, certificate. Keep it to yourself
  --devices N        how many (100)
  --arch ARCH        amd64, arm64, arm/v7, riscv64 or s390x (amd64)`;

const Options = z.object({
  class: ClassName,
  url: z.url({ protocol: /^https$/ }),
  ca: z.string(),
  claim: z.string(),
  identities: z.string(),
  devices: z.coerce.number().int().min(1).max(200_000).default(100),
  arch: Arch.default('amd64'),
});

const parse = (args: readonly string[]): z.infer<typeof Options> | undefined => {
  const text = { type: 'string' } as const;
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        class: text,
        url: text,
        ca: text,
        claim: text,
        identities: text,
        devices: text,
        arch: text,
        help: { type: 'boolean', short: 'h' },
      },
    });
    return values.help === true ? undefined : Options.parse(values);
  } catch (cause) {
    const why = cause instanceof z.ZodError ? z.prettifyError(cause) : messageOf(cause);
    throw new SlipwayError('USAGE', `${why}\n\n${ENROL_HELP}`, { cause });
  }
};

/**
 * @returns exit status
 * @throws {SlipwayError} USAGE, or with the code that the server gives
 */
export const runEnrol = async (args: readonly string[], print: (line: string) => void): Promise<number> => {
  const options = parse(args);
  if (options === undefined) {
    print(ENROL_HELP);
    return 0;
  }
  const file = createWriteStream(options.identities, { flags: 'a', mode: 0o600 });
  const began = performance.now();
  let count = 0;
  try {
    await enrolDevices({
      url: options.url,
      ca: readFileSync(options.ca, 'utf8'),
      token: options.claim,
      deviceClass: options.class,
      arch: options.arch,
      count: options.devices,
      onIdentity: (identity) => {
        count += 1;
        file.write(`${JSON.stringify(identity)}\n`);
      },
    });
  } finally {
    file.end();
    await once(file, 'close');
    print(`${count} devices in ${Math.round((performance.now() - began) / 1000)} s: ${options.identities}`);
  }
  return 0;
};
