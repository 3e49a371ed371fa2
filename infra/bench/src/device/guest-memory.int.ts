import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { MEMORY_DIAGNOSTIC, parseGuestMemory } from './guest-memory.ts';

const LINES = [
  '1 0 300 20 900 init',
  '200 1 100 50 500 run-agent',
  '210 200 4000 2500 5000 qjs',
  '220 210 1500 250 3000 slipway-crypto',
  '230 210 300 100 700 sh',
  '231 230 100 50 700 awk',
  '240 210 200 60 400 busybox',
  '241 240 10 5 100 dd',
  '250 210 0 0 0 qjs',
];

test('the agent, its helpers and theirs count; the shell that asks does not', () => {
  const { pssBytes, anonymousBytes, processes } = parseGuestMemory(`${LINES.join('\n')}\n`);
  expect(processes.map(({ name }) => name)).toEqual(['qjs', 'slipway-crypto', 'busybox', 'dd']);
  expect(pssBytes).toBe((4000 + 1500 + 200 + 10) * 1024);
  expect(anonymousBytes).toBe((2500 + 250 + 60 + 5) * 1024);
});

test('without an agent it is no measurement', () => {
  expect(() => parseGuestMemory('1 0 300 20 900 init\n')).toThrow(
    expect.objectContaining({ code: 'TOOL_FAILED' }),
  );
});

test('the diagnostic prints such lines, here of this machine', () => {
  const [program, ...args] = MEMORY_DIAGNOSTIC.command;
  const text = execFileSync(program, args, { encoding: 'utf8' });
  const own = new RegExp(`^${process.pid} ${process.ppid} (\\d+) (\\d+) (\\d+) \\S`, 'm').exec(text);
  expect(Number(own?.[1])).toBeGreaterThan(1000);
  expect(Number(own?.[2])).toBeGreaterThan(1000);
});
