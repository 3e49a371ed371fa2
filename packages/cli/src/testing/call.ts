import { run } from '../run.ts';

export type Called = { readonly status: number; readonly out: string; readonly err: string };

/** The command as if typed in `cwd`, with nothing of this machine's environment. */
export const callIn =
  (cwd: string, env: NodeJS.ProcessEnv = {}) =>
  async (...words: string[]): Promise<Called> => {
    const [out, err]: [string[], string[]] = [[], []];
    const status = await run(words, {
      env,
      cwd,
      out: (text) => out.push(text),
      err: (text) => err.push(text),
      columns: undefined,
      signal: new AbortController().signal,
    });
    return { status, out: out.join('\n'), err: err.join('\n') };
  };
