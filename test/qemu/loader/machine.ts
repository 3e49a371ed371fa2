import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { outputPipe } from '@slipway/vm';

export type LoaderBoots = { readonly slots: readonly string[]; readonly console: string };

const LIMIT_MS = 600_000;

/** Runs a machine until its console shows this so many times. Then the plug is pulled. */
export const runUntil = async (
  program: string,
  args: readonly string[],
  pattern: RegExp,
  times = 1,
): Promise<{ readonly console: string }> => {
  const pipe = outputPipe();
  const child = spawn(
    program,
    ['-nodefaults', '-no-user-config', '-display', 'none', '-serial', 'stdio', ...args],
    { stdio: ['ignore', pipe.writeEnd, 'pipe'] },
  );
  pipe.started();
  let text = '';
  let complaints = '';
  const all = new RegExp(pattern.source, 'g');
  const found = (): number => [...text.matchAll(all)].length;
  const timer = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
  pipe.readable.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1').replaceAll('\r', '');
    if (found() >= times) child.kill('SIGKILL');
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    complaints += chunk.toString();
  });
  const printed = once(pipe.readable, 'close');
  await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  await printed;
  clearTimeout(timer);
  if (found() < times) {
    throw new Error(
      `expected ${String(pattern)} ${times} times, saw it ${found()} times: ${complaints}\n${text.slice(-8000)}`,
    );
  }
  return { console: text };
};

/** The same for a machine whose slots are programs that say which they are and reset it. */
export const bootUntil = async (
  program: string,
  args: readonly string[],
  boots: number,
): Promise<LoaderBoots> => {
  const started = /this is slot ([ab])/g;
  const { console } = await runUntil(program, args, started, boots);
  const slots = [...console.matchAll(started)].map(([, slot = '']) => slot);
  return { slots: slots.slice(0, boots), console };
};
