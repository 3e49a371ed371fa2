import { spawn } from 'node:child_process';

export type LoaderBoots = { readonly slots: readonly string[]; readonly console: string };

const STARTED = /this is slot ([ab])/g;
const LIMIT_MS = 240_000;

/**
 * Runs a machine whose slots are programs that say which they are and reset it, until that many have started. Then the
 * plug is pulled.
 */
export const bootUntil = async (
  program: string,
  args: readonly string[],
  boots: number,
): Promise<LoaderBoots> => {
  const child = spawn(
    program,
    ['-nodefaults', '-no-user-config', '-display', 'none', '-serial', 'stdio', ...args],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let text = '';
  let complaints = '';
  const slots = (): string[] => [...text.matchAll(STARTED)].map(([, slot = '']) => slot);
  const timer = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
    if (slots().length >= boots) child.kill('SIGKILL');
  });
  child.stderr.on('data', (chunk: Buffer) => {
    complaints += chunk.toString();
  });
  await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  clearTimeout(timer);
  if (slots().length < boots) {
    throw new Error(`expected ${boots} boots, saw ${slots().length}: ${complaints}\n${text.slice(-4000)}`);
  }
  return { slots: slots().slice(0, boots), console: text };
};
