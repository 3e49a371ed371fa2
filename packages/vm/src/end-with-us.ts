import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

export type Call = { readonly program: string; readonly args: readonly string[] };

/**
 * The same call of a program, which the kernel ends when this process ends, even by SIGKILL. Its process id stays that
 * of the program. A program that is missing is not told by ENOENT any more: see `isOnPath`.
 */
export const endWithUs = ({ program, args }: Call): Call => ({
  program: 'setpriv',
  args: ['--pdeathsig', 'KILL', '--', program, ...args],
});

/** Whether a program is where programs are looked for. */
export const isOnPath = async (program: string): Promise<boolean> => {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const found = await access(join(folder, program), constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return true;
  }
  return false;
};
