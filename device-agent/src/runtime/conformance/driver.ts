import '../quickjs/polyfill/index.ts';
import { readPipe } from '../quickjs/descriptors.ts';
import { quickjsRuntime } from '../quickjs/index.ts';
import { os, scriptArgs, std } from '../quickjs/machine.ts';
import { callsOf } from './calls.ts';
import { decodeLine, encodeLine, splitLines, type Request, type Response } from './wire.ts';

/** The runtime of QuickJS under QuickJS, asked by a test: requests on the input, answers on the output. */
os.signal(os.SIGPIPE, () => undefined);
const [, privateDir = ''] = scriptArgs;
// eslint-disable-next-line typescript/no-unsafe-type-assertion -- called by name
const calls = callsOf(
  quickjsRuntime({
    searchPath: std.getenv('PATH') ?? '',
    rebootCommand: null,
    privateDir,
    log: () => undefined,
  }),
) as unknown as Record<string, (...args: readonly unknown[]) => Promise<unknown>>;

const answer = (response: Response): void => {
  std.out.puts(encodeLine(response));
  std.out.flush();
};

const perform = async ({ id, call, args }: Request): Promise<void> => {
  try {
    answer({ id, result: await calls[call]?.(...args) });
  } catch (error) {
    answer({ id, error: error instanceof Error ? error.message : String(error) });
  }
};

const take = splitLines((line) => {
  void perform(decodeLine(line) as Request); // eslint-disable-line typescript/no-unsafe-type-assertion -- the test sent it
});
const decoder = new TextDecoder();
readPipe(
  0,
  (bytes) => {
    take(decoder.decode(bytes));
  },
  () => std.exit(0),
);
