import { tmpdir } from 'node:os';
import { codeOf } from '@slipway/protocol';
import { expect, test } from 'vitest';
import { runMeasured } from './run-measured.ts';

const MIB = 1024 * 1024;
const cwd = tmpdir();
/** holds memory, after its parent has started it and while the parent holds as much */
const holder = (mib: number): string =>
  `const held = Buffer.alloc(${mib * MIB}, 1); setTimeout(() => held, 400)`;

test('what children use is counted, also of those that end at once', async () => {
  const busy = 'for i in 1 2 3; do sh -c "i=0; while [ \\$i -lt 200000 ]; do i=\\$((i+1)); done"; done';
  const { cpuSeconds } = await runMeasured(['sh', '-c', busy], { cwd });
  expect(cpuSeconds).toBeGreaterThan(0.05);
});

test('memory is that of all processes together', async () => {
  const child = `require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(holder(100))}])`;
  const { peakRssBytes } = await runMeasured([process.execPath, '-e', `${child};${holder(150)}`], { cwd });
  expect(peakRssBytes).toBeGreaterThan(250 * MIB);
});

test('a command that fails is an error that quotes it', async () => {
  const error: unknown = await runMeasured(['sh', '-c', 'echo no such luck >&2; exit 3'], { cwd }).catch(
    (thrown: unknown) => thrown,
  );
  expect(codeOf(error)).toBe('TOOL_FAILED');
  expect(String(error)).toMatch(/ended with 3:\nno such luck/);
});
