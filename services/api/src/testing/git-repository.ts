import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A git repository on disk, as somebody works in it. @param folder to be made; absent: a temporary one */
export const newGitRepository = async (folder?: string) => {
  const directory = folder ?? (await mkdtemp(join(tmpdir(), 'slipway-git-')));
  await mkdir(directory, { recursive: true });
  const git = async (...words: string[]): Promise<string> => {
    const who = ['-c', 'user.name=Ann', '-c', 'user.email=ann@example.org', '-c', 'commit.gpgsign=false'];
    const env = { PATH: process.env['PATH'], HOME: directory, GIT_CONFIG_GLOBAL: '/dev/null', LC_ALL: 'C' };
    const { stdout } = await run('git', [...who, ...words], { cwd: directory, env });
    return stdout.trim();
  };
  await git('init', '--quiet', '--initial-branch=main');
  return {
    directory,
    url: `file://${directory}`,
    git,
    /** Files by path; null removes one, `{ to }` is a link. @returns the commit */
    commit: async (files: Readonly<Record<string, string | null | { readonly to: string }>>) => {
      for (const [path, content] of Object.entries(files)) {
        const full = join(directory, path);
        await rm(full, { force: true });
        if (content === null) continue;
        await mkdir(dirname(full), { recursive: true });
        if (typeof content === 'string') await writeFile(full, content);
        else await symlink(content.to, full);
      }
      await git('add', '--all');
      await git('commit', '--quiet', '--allow-empty', '--message', 'a change');
      return git('rev-parse', 'HEAD');
    },
    remove: () => rm(directory, { recursive: true, force: true }),
  };
};
export type GitRepository = Awaited<ReturnType<typeof newGitRepository>>;
