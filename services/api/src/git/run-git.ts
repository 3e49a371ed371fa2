import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { SlipwayError, systemError } from '@slipway/protocol';

const execute = promisify(execFile);

/** What a repository or a person's settings could have git do beside what it was asked for. */
const SETTINGS: Readonly<Record<string, string>> = {
  'core.hooksPath': '/dev/null',
  'core.fsmonitor': 'false',
  'core.symlinks': 'true',
  'core.autocrlf': 'false',
  'credential.helper': '',
  'fetch.fsckObjects': 'true',
  'fetch.recurseSubmodules': 'false',
  'submodule.recurse': 'false',
  'http.followRedirects': 'false',
  'protocol.allow': 'never',
  'protocol.https.allow': 'always',
  'protocol.ssh.allow': 'always',
  'protocol.file.allow': 'always',
  'gc.autoDetach': 'false',
  'maintenance.autoDetach': 'false',
};

/** How much git may say: names of changed files, mostly. */
const MAX_OUTPUT = 64 * 1024 * 1024;

export type GitOptions = {
  readonly timeoutMs: number;
  /** beside those of every run, by environment: the words of a command can be seen by everybody on the machine */
  readonly settings?: Readonly<Record<string, string>> | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** why git fails is often what its standard error says */
  readonly failed: (why: string, cause: unknown) => SlipwayError;
};

const environmentOf = ({ settings = {}, env = {} }: GitOptions): NodeJS.ProcessEnv => {
  const all = Object.entries({ ...SETTINGS, ...settings });
  return {
    PATH: process.env['PATH'],
    LC_ALL: 'C',
    HOME: '/nonexistent',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: '/bin/false',
    SSH_ASKPASS: '/bin/false',
    GIT_ATTR_NOSYSTEM: '1',
    GIT_NO_REPLACE_OBJECTS: '1',
    // Names of files may hold `*`, `?`, `[` and `:`.
    GIT_LITERAL_PATHSPECS: '1',
    GIT_CONFIG_COUNT: String(all.length),
    ...Object.fromEntries(
      all.flatMap(([key, value], at) => [
        [`GIT_CONFIG_KEY_${at}`, key],
        [`GIT_CONFIG_VALUE_${at}`, value],
      ]),
    ),
    ...env,
  };
};

/** Its last lines, without what a terminal would make of them, and without what looks like a secret. */
const quote = (text: string): string =>
  text
    .replaceAll(/[^\x20-\x7e\n]/g, '?')
    .replaceAll(/(\/\/)[^/\s@]*@/g, '$1')
    .trim()
    .split('\n')
    .slice(-4)
    .join(' / ')
    .slice(-600);

/**
 * Runs the system's git, with nothing of anybody's settings.
 *
 * @returns what it wrote
 * @throws {SlipwayError} TOOL_MISSING; what `failed` makes of anything else
 */
export const runGit = async (words: readonly string[], options: GitOptions): Promise<string> => {
  try {
    const { stdout } = await execute('git', [...words], {
      env: environmentOf(options),
      timeout: options.timeoutMs,
      killSignal: 'SIGKILL',
      maxBuffer: MAX_OUTPUT,
    });
    return stdout;
  } catch (cause) {
    if (systemError(cause, ['ENOENT']) !== undefined)
      throw new SlipwayError('TOOL_MISSING', 'expected git, found none; install the package git', { cause });
    const killed = cause instanceof Error && 'killed' in cause && cause.killed === true;
    const said = cause instanceof Error && 'stderr' in cause ? String(cause.stderr) : '';
    const why = killed ? `it took longer than ${options.timeoutMs / 1000} s` : quote(said);
    throw options.failed(why || 'git said nothing', cause);
  }
};
