import { open, stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { SlipwayError } from '@slipway/protocol';
import type { Forward, Vm } from '@slipway/vm';
import { Option, type Command } from 'commander';
import { collect } from './command.ts';
import type { Context } from './context.ts';

/** `--publish`, which was called `--forward`. */
export const withPublish = (command: Command): Command =>
  command
    .option(
      '-p, --publish <host:guest>',
      'a port of this machine to one of the device; may be given again',
      collect,
    )
    .addOption(new Option('-f, --forward <host:guest>').argParser(collect).hideHelp());

/** @throws {SlipwayError} USAGE */
export const parseForward = (text: string): Forward => {
  const match = /^(\d{1,5}):(\d{1,5})$/.exec(text);
  if (match === null)
    throw new SlipwayError('USAGE', `--publish ${text}: expected HOSTPORT:GUESTPORT, such as 8081:80.`);
  return { hostPort: Number(match[1]), guestPort: Number(match[2]) };
};

/** Of a console that is continued. */
export const lengthOf = (path: string): Promise<number> =>
  stat(path).then(
    ({ size }) => size,
    () => 0,
  );

/** Prints what is appended to a file until `over`. */
const tail = async (path: string, from: number, over: () => boolean): Promise<void> => {
  const file = await open(path, 'r');
  const buffer = Buffer.alloc(64 * 1024);
  let position = from;
  try {
    for (;;) {
      const last = over();
      const { bytesRead } = await file.read(buffer, 0, buffer.length, position);
      position += bytesRead;
      if (bytesRead > 0) process.stdout.write(buffer.subarray(0, bytesRead));
      else if (last) return;
      else await delay(50);
    }
  } finally {
    await file.close();
  }
};

/**
 * Shows what a machine prints until it ends, by itself or by Ctrl-C; with `--json` only how it ended.
 *
 * @param from bytes of its console that are of earlier times
 * @param isKept whether its console is there afterwards
 * @throws {SlipwayError} VM_FAILED where it ends by itself, and not in order
 */
export const showConsole = async (
  context: Context,
  vm: Vm,
  consoleLog: string,
  from: number,
  isKept = true,
): Promise<void> => {
  context.signal.addEventListener('abort', () => void vm.shutdown(), { once: true });
  if (context.signal.aborted) void vm.shutdown();
  let over = false;
  const exited = vm.exited.finally(() => {
    over = true;
  });
  if (context.json) await exited;
  else await tail(consoleLog, from, () => over);
  const { code, signal, said } = await exited;
  if (context.json) context.out(JSON.stringify({ code, signal, ...(isKept ? { consoleLog } : {}) }, null, 2));
  if (code !== 0 && !context.signal.aborted) {
    const where = isKept ? ` Its console is in ${consoleLog}.` : '';
    throw new SlipwayError(
      'VM_FAILED',
      `QEMU ended with ${code ?? signal}${said === '' ? '.' : `: ${said}`}${where}`,
    );
  }
};
