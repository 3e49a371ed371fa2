import { ExecutionId, SlipwayError } from '@slipway/protocol';

/** What the words of the command line ask for. */
export type CliCommand =
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  | { readonly kind: 'status' }
  | { readonly kind: 'install'; readonly file: string; readonly reboot: boolean }
  | {
      readonly kind: 'accept' | 'refuse';
      readonly execution: ExecutionId | undefined;
    }
  | { readonly kind: 'defer'; readonly seconds: number; readonly execution: ExecutionId | undefined }
  | { readonly kind: 'doctor'; readonly fix: boolean }
  | { readonly kind: 'reset'; readonly wipeData: boolean }
  | { readonly kind: 'logs'; readonly service: string | undefined };

export const HELP = `slipway-agent: the agent of this device, for a person at it

Usage: slipway-agent COMMAND [OPTIONS]

Commands:
  status                     slots, release, execution, connection, health, certificate
  install FILE               install a bundle from a file, such as one on a USB stick
    --no-reboot              stop before the trial boot; the same command without it goes on
  accept [EXECUTION]         let the install that waits for consent start, in its windows
  defer TIME [EXECUTION]     let it ask again after 30m, 4h, 7d; its deadline comes first
  refuse [EXECUTION]         end it; the release is not installed
  doctor                     look at slots, boot loader, data partition, clock, broker
    --fix                    mend what can be mended without touching the running slot
  reset --yes                forget identity, keys and state; the device enrols anew by the claim on its ESP
    --wipe-data              and make the data partition anew: everything of the applications goes
  logs [SERVICE]             what a service printed since boot; without a name: which there are
  version                    version of the agent and of the release
  help                       this text

Options:
  --json                     print JSON, for programs; errors as {"code", "message"}

Exit status: 0 done; 1 something is wrong (doctor) or a trial failed; 64 wrong words; 65 the bundle is no good;
66 there is no such file; 69 the agent does not run; 73 a place cannot be written; 74 storage failed; 75 not now,
try later; 77 not allowed; 78 the image is incomplete; 70 a fault in Slipway.
`;

const usage = (what: string): SlipwayError => new SlipwayError('USAGE', `${what}; see slipway-agent help.`);

type Form = { readonly words: number; readonly atLeast?: number; readonly options: readonly string[] };
const FORMS: Readonly<Record<CliCommand['kind'], Form>> = {
  help: { words: 0, options: [] },
  version: { words: 0, options: [] },
  status: { words: 0, options: [] },
  install: { words: 1, options: ['--no-reboot'] },
  accept: { words: 1, atLeast: 0, options: [] },
  defer: { words: 2, atLeast: 1, options: [] },
  refuse: { words: 1, atLeast: 0, options: [] },
  doctor: { words: 0, options: ['--fix'] },
  reset: { words: 0, options: ['--yes', '--wipe-data'] },
  logs: { words: 1, atLeast: 0, options: [] },
};

const isCommand = (word: string): word is CliCommand['kind'] => Object.hasOwn(FORMS, word);

/** @throws {SlipwayError} USAGE */
export const parseArguments = (
  args: readonly string[],
): { readonly command: CliCommand; readonly json: boolean } => {
  const end = args.indexOf('--');
  const before = end < 0 ? args : args.slice(0, end);
  const options = new Set(before.filter((word) => word.startsWith('-')));
  const words = [...before.filter((word) => !word.startsWith('-')), ...(end < 0 ? [] : args.slice(end + 1))];
  const json = options.delete('--json');
  if (options.has('--help') || options.has('-h')) return { command: { kind: 'help' }, json };
  const [name = options.has('--version') ? 'version' : 'help', ...rest] = words;
  options.delete('--version');
  if (!isCommand(name)) throw usage(`expected a command, found ${JSON.stringify(name)}`);
  const form = FORMS[name];
  const unknown = [...options].find((option) => !form.options.includes(option));
  if (unknown !== undefined) throw usage(`${name}: found the unknown option ${unknown}`);
  if (rest.length > form.words || rest.length < (form.atLeast ?? form.words)) {
    throw usage(`${name}: expected ${form.words === 0 ? 'no more words' : 'one word'}, found ${rest.length}`);
  }
  return { command: commandOf(name, rest, options), json };
};

const executionOf = (name: string, word: string | undefined): ExecutionId | undefined => {
  if (word === undefined) return undefined;
  const { data } = ExecutionId.safeParse(word);
  if (data === undefined) throw usage(`${name}: expected an execution such as exe_…, found ${word}`);
  return data;
};

const UNITS: Readonly<Record<string, number>> = { m: 60, h: 3_600, d: 86_400 };

const secondsOf = (text: string): number => {
  const [, count, unit = ''] = /^([1-9]\d{0,3})([mhd])$/.exec(text) ?? [];
  if (count === undefined) throw usage(`defer: expected a time such as 30m, 4h or 7d, found ${text}`);
  return Number(count) * (UNITS[unit] ?? 0);
};

const commandOf = (
  name: CliCommand['kind'],
  rest: readonly string[],
  options: ReadonlySet<string>,
): CliCommand => {
  switch (name) {
    case 'install':
      return { kind: 'install', file: rest[0] ?? '', reboot: !options.has('--no-reboot') };
    case 'accept':
    case 'refuse':
      return { kind: name, execution: executionOf(name, rest[0]) };
    case 'defer':
      return { kind: name, seconds: secondsOf(rest[0] ?? ''), execution: executionOf(name, rest[1]) };
    case 'doctor':
      return { kind: 'doctor', fix: options.has('--fix') };
    case 'reset':
      if (!options.has('--yes')) {
        throw usage('reset: expected --yes, because the device forgets who it is');
      }
      return { kind: 'reset', wipeData: options.has('--wipe-data') };
    case 'logs':
      return { kind: 'logs', service: rest[0] };
    case 'help':
    case 'version':
    case 'status':
      return { kind: name };
    default:
      return name satisfies never;
  }
};
