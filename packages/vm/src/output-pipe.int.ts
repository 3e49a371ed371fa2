import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { outputPipe } from './output-pipe.ts';

/** Writes single bytes, never waits, and tells how many went: as a serial port of QEMU. */
const WRITER = `
import os, sys
os.set_blocking(1, False)
written = 0
try:
    while written < 5000:
        written += os.write(1, b'x')
except BlockingIOError:
    pass
sys.stderr.write(str(written))
`;

test('takes five thousand single bytes while nobody reads', async () => {
  const pipe = outputPipe();
  const child = spawn('/usr/bin/python3', ['-c', WRITER], { stdio: ['ignore', pipe.writeEnd, 'pipe'] });
  pipe.started();
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  await once(child, 'close');
  expect(said).toBe('5000');
  let text = '';
  pipe.readable.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  await once(pipe.readable, 'close');
  expect(text).toBe('x'.repeat(5000));
});
