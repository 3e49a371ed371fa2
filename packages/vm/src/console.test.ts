import { expect, test } from 'vitest';
import { ConsoleText } from './console.ts';

test('colours and cursor movements are left out, also when a chunk cuts them', () => {
  const console = new ConsoleText();
  console.append('\u001b[2J\u001b[01;01Hboot\r\n\u001b[3');
  console.append('7mslot \u001b');
  console.append('[0ma\n');
  expect(console.text()).toBe('boot\nslot a\n');
});

test('a line that is there already is found at once, one that comes later when it comes', async () => {
  const console = new ConsoleText();
  console.append('boot id=1\n');
  expect((await console.waitFor(/id=(\d)/, { timeoutMs: 1000 }))[1]).toBe('1');
  const second = console.waitFor(/id=(\d)/, { timeoutMs: 60_000, from: console.position() });
  console.append('boot i');
  console.append('d=2\n');
  expect((await second)[1]).toBe('2');
});

test('a position stays true after early text was dropped', async () => {
  const console = new ConsoleText();
  console.append('first '.repeat(300_000));
  const from = console.position();
  expect(from).toBe(1_800_000);
  expect(console.text().length).toBe(1024 * 1024);
  console.append('second');
  expect((await console.waitFor(/\w+/, { timeoutMs: 1000, from }))[0]).toBe('second');
});

test('who waits for a line learns of the end of QEMU, with the last lines', async () => {
  const console = new ConsoleText();
  console.append('Kernel panic\n');
  const wait = console.waitFor(/ready/, { timeoutMs: 60_000 });
  console.end('QEMU ended with 1');
  await expect(wait).rejects.toMatchObject({
    code: 'VM_FAILED',
    message: expect.stringMatching(/QEMU ended with 1[\s\S]*Kernel panic/) as unknown,
  });
  await expect(console.waitFor(/ready/, { timeoutMs: 60_000 })).rejects.toMatchObject({ code: 'VM_FAILED' });
});

test('a line that does not come in time fails, quoting what came', async () => {
  const console = new ConsoleText();
  console.append('slipway: cannot boot\n');
  await expect(console.waitFor(/ready/, { timeoutMs: 1 })).rejects.toThrow(
    /within 0.001 s[\s\S]*cannot boot/,
  );
});
