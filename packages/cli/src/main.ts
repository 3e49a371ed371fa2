import { isatty } from 'node:tty';
import { secretReader } from './read-secret.ts';
import { run } from './run.ts';

const abort = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => abort.abort());
// A reader that has had enough, such as `head`, is no fault.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 74));

process.exitCode = await run(process.argv.slice(2), {
  env: process.env,
  cwd: process.cwd(),
  out: (text) => process.stdout.write(`${text}\n`),
  err: (text) => process.stderr.write(`${text}\n`),
  columns: process.stdout.isTTY ? process.stdout.columns : undefined,
  screen: process.stdout.isTTY
    ? () => ({ columns: process.stdout.columns, rows: process.stdout.rows })
    : undefined,
  // Asking the stream would make a shared pipe non-blocking, which programs beside this one do not expect.
  isTerminal: isatty(2),
  secret: secretReader(
    () => process.stdin,
    (text) => process.stderr.write(text),
  ),
  signal: abort.signal,
});
