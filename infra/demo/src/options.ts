import { parseArgs } from 'node:util';
import { SlipwayError, WholeChainArch, messageOf, parseArch } from '@slipway/protocol';
import { DemoArch } from './demo-classes.ts';

export type Options = {
  readonly archs: readonly DemoArch[];
  readonly keep: boolean;
  readonly json: string | undefined;
  readonly help: boolean;
};

export const HELP = `npm run demo [-- OPTIONS]

Builds, boots, enrols, updates, breaks and saves two virtual devices, one amd64 and one arm64.

  --arch ARCH   only this architecture: amd64, arm64, arm/v7 or riscv64 (may be given more than once)
  --json FILE   write the summary to FILE (schema: docs/demo-summary.schema.json)
  --keep        leave the server and the devices up at the end, until Ctrl-C
  --help        this text

Exit status: 0 if every step was observed from outside, 1 if not, 64 for wrong options, 130 after Ctrl-C.`;

/** @throws {SlipwayError} USAGE */
export const parseOptions = (args: readonly string[]): Options => {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        arch: { type: 'string', multiple: true },
        json: { type: 'string' },
        keep: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    return {
      archs:
        values.arch === undefined
          ? WholeChainArch.options
          : [...new Set(values.arch.map((arch) => DemoArch.parse(parseArch(arch) ?? arch)))],
      keep: values.keep,
      json: values.json,
      help: values.help,
    };
  } catch (cause) {
    throw new SlipwayError('USAGE', `${messageOf(cause)}\n\n${HELP}`, { cause });
  }
};
