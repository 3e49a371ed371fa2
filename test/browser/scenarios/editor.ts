import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { SourceName } from '@slipway/protocol';
import { expect, test } from 'vitest';
import type { World } from '../world.ts';

const run = promisify(execFile);

/** A repository that somebody shares, and that takes pushes. @returns runs git in it */
const shareRepository = async (folder: string) => {
  const git = async (...words: string[]): Promise<string> => {
    const who = ['-c', 'user.name=Ann', '-c', 'user.email=ann@example.org', '-c', 'commit.gpgsign=false'];
    const env = { PATH: process.env['PATH'], HOME: folder, GIT_CONFIG_GLOBAL: '/dev/null', LC_ALL: 'C' };
    return (await run('git', [...who, ...words], { cwd: folder, env })).stdout.trim();
  };
  await mkdir(folder, { recursive: true });
  await git('init', '--quiet', '--initial-branch=main');
  await git('config', 'receive.denyCurrentBranch', 'ignore');
  await writeFile(join(folder, 'notes.md'), 'What is to be known.\n');
  await git('add', '--all');
  await git('commit', '--quiet', '--message', 'a beginning');
  return git;
};

export const editor = (world: () => World): void => {
  test('a file of a git source is edited, compared, and committed by whoever edits it', async () => {
    const { client, folder } = world().instance;
    const place = join(folder, 'shared');
    const git = await shareRepository(place);
    await client.sources.create({ name: SourceName.parse('shared'), url: `file://${place}` });
    const visitor = await world().visitAs('anna', '/repository?source=shared&file=notes.md');
    const { page } = visitor;
    const text = page.getByRole('textbox', { name: 'Text of notes.md' });
    await text.click();
    await page.keyboard.press('Control+End');
    await page.keyboard.type('And one line more.');
    await page.getByRole('button', { name: 'Review and save' }).click();
    const dialog = page.getByRole('dialog', { name: 'Save notes.md' });
    await dialog.getByText('And one line more.').waitFor();
    await dialog.getByLabel('What for').fill('more notes');
    await dialog.getByRole('button', { name: 'Commit and push' }).click();
    await dialog.waitFor({ state: 'detached' });
    await expect.poll(() => git('log', '-1', '--format=%an: %s', 'main')).toBe('anna: more notes');
    expect(await git('show', 'main:notes.md')).toContain('And one line more.');

    await page.getByRole('button', { name: 'More to do with notes.md' }).click();
    await page.getByRole('menuitem', { name: 'Delete …' }).click();
    await page
      .getByRole('dialog', { name: 'Delete notes.md?' })
      .getByRole('button', { name: 'Delete the file' })
      .click();
    await expect.poll(() => git('ls-tree', '--name-only', 'main')).toBe('');
    expect(visitor.faults()).toEqual([]);
  });
};
