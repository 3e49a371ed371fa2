import { MAX_OUTPUT_CHARACTERS, type CommandResult, type Diagnostic } from '@slipway/protocol';
import type { Runtime } from '../runtime/port.ts';

const DEFAULT_TIMEOUT_S = 30;
const GRACE_MS = 2_000;

const endOf = (text: string): string =>
  text.length <= MAX_OUTPUT_CHARACTERS ? text : text.slice(-MAX_OUTPUT_CHARACTERS);

type Outcome = Omit<CommandResult, 'v' | 'id'>;

/** Runs a diagnostic that the image declares; nothing else can be run. */
export const diagnose = async (
  runtime: Runtime,
  diagnostics: readonly Diagnostic[],
  name: string,
): Promise<Outcome> => {
  const wanted = diagnostics.find((known) => known.name === name);
  if (wanted === undefined) {
    const names = diagnostics.map((known) => known.name).join(', ') || 'none';
    return {
      ok: false,
      code: 'NOT_FOUND',
      message: `The image declares no diagnostic ${name}; it declares ${names}.`,
    };
  }
  const timeout = wanted.timeout ?? DEFAULT_TIMEOUT_S;
  const controller = new AbortController();
  // A program may leave children behind that hold its output open.
  const late = async () => {
    await runtime.time.sleep(timeout * 1000 + GRACE_MS, controller.signal);
    return undefined;
  };
  try {
    const run = runtime.processes.run(wanted.command, { timeoutMs: timeout * 1000 });
    const ended = await Promise.race([run, late()]);
    if (ended === undefined)
      return { ok: false, code: 'COMMAND_FAILED', message: `No end within ${timeout} s.` };
    const output = endOf(`${ended.stdout}${ended.stderr}`);
    if (ended.status === 0) return { ok: true, output };
    return {
      ok: false,
      code: 'COMMAND_FAILED',
      message: `Expected status 0, found ${ended.status}${ended.status < 0 ? `: ended by a signal, after at most ${timeout} s` : ''}.`,
      output,
    };
  } finally {
    controller.abort();
  }
};
