import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { messageOf, SlipwayError } from '@slipway/protocol';

/**
 * Gives one command to a running QEMU.
 *
 * @throws {SlipwayError} VM_FAILED
 * @see the QEMU Machine Protocol: greeting, `qmp_capabilities`, then commands
 */
export const qmpCommand = async (
  socketPath: string,
  command: string,
  commandArguments: Readonly<Record<string, string>> = {},
): Promise<void> => {
  const socket = connect(socketPath);
  const failed = (why: string, cause?: unknown) =>
    new SlipwayError('VM_FAILED', `QEMU did not take the command ${command}: ${why}`, { cause });
  try {
    // An error closes the socket, and with it the loop below ends.
    socket.on('error', () => {});
    socket.on('connect', () => socket.write(`${JSON.stringify({ execute: 'qmp_capabilities' })}\n`));
    let answers = 0;
    for await (const line of createInterface({ input: socket })) {
      const message: unknown = JSON.parse(line);
      if (typeof message !== 'object' || message === null) continue;
      if ('error' in message) throw failed(JSON.stringify(message.error));
      if (!('return' in message)) continue;
      answers += 1;
      if (answers === 2) return;
      socket.write(`${JSON.stringify({ execute: command, arguments: commandArguments })}\n`);
    }
    throw failed('the connection ended');
  } catch (error) {
    throw error instanceof SlipwayError ? error : failed(messageOf(error), error);
  } finally {
    socket.destroy();
  }
};
