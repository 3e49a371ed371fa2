import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { SlipwayError } from '@slipway/protocol';

/**
 * Gives one command to a running QEMU.
 *
 * @throws {SlipwayError} VM_FAILED
 * @see the QEMU Machine Protocol: greeting, `qmp_capabilities`, then commands
 */
export const qmpCommand = async (socketPath: string, command: string): Promise<void> => {
  const socket = connect(socketPath);
  const failed = (why: string, cause?: unknown) =>
    new SlipwayError('VM_FAILED', `QEMU did not take the command ${command}: ${why}`, { cause });
  try {
    socket.on('connect', () => socket.write(`${JSON.stringify({ execute: 'qmp_capabilities' })}\n`));
    let answers = 0;
    for await (const line of createInterface({ input: socket })) {
      const message = JSON.parse(line) as { return?: unknown; error?: { desc?: string } };
      if (message.error !== undefined) throw failed(message.error.desc ?? 'it gave no reason');
      if (message.return === undefined) continue;
      answers += 1;
      if (answers === 2) return;
      socket.write(`${JSON.stringify({ execute: command })}\n`);
    }
    // QEMU may end before it answers `quit`.
    if (command !== 'quit') throw failed('the connection ended');
  } catch (error) {
    throw error instanceof SlipwayError ? error : failed((error as Error).message, error);
  } finally {
    socket.destroy();
  }
};
