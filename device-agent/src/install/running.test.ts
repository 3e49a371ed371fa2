import { expect, test } from 'vitest';
import { memoryFiles } from '../fixture/loaders/memory-disk.ts';
import { bootedSlot, refuseRunning } from './running.ts';

const config = { runDir: '/run/slipway' };
const at = (text: string) => {
  const { files } = memoryFiles(new Map([['/run/slipway/slot', new TextEncoder().encode(text)]]));
  return { files };
};

test('the slot that runs is what init wrote down, and is never written to', async () => {
  expect(await bootedSlot(at('b\n'), config)).toBe('b');
  await expect(bootedSlot(at('c\n'), config)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  await expect(refuseRunning(at('b\n'), config, 'b')).rejects.toMatchObject({ code: 'INTERNAL' });
  await expect(refuseRunning(at('b\n'), config, 'a')).resolves.toBeUndefined();
  // Where nobody knows which slot runs, none is written.
  await expect(refuseRunning(at(''), config, 'a')).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
});
