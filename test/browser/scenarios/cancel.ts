import { readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { newGitRepository } from '@slipway/api/testing';
import { until } from '@slipway/fleet/testing';
import { BuildId, SourceName } from '@slipway/protocol';
import { expect, onTestFinished, test } from 'vitest';
import { programsThatAsk, startSlowArchive } from '../slow-archive.ts';
import type { World } from '../world.ts';

const filesWith = (uri: string) => ({
  'classes/lathe.yml': 'name: lathe\narch: amd64\nimages: [../lathe.yml]\nqualification: off\n',
  'lathe.yml': `debian: [{ uri: '${uri}', suites: [stable] }]\nkernel: { image: 'deb:k' }\npackages: { k: { install: [linux] } }\n`,
});

export const cancel = (world: () => World): void => {
  test('a build that is under way is cancelled: its programs end, of its files only the log stays, and the next one can begin', async () => {
    const { client, folder } = world().instance;
    const archive = await startSlowArchive();
    onTestFinished(() => archive.close());
    const repository = await newGitRepository();
    onTestFinished(() => repository.remove());
    await repository.commit(filesWith(archive.uri));
    await client.sources.create({ name: SourceName.parse('lathes'), url: repository.url });
    const visitor = await world().visitAs('anna', '/builds');
    const { page } = visitor;

    await page.getByRole('button', { name: 'New build' }).first().click();
    const asked = page.getByRole('dialog', { name: 'New build' });
    await asked.getByRole('combobox', { name: 'Built from' }).click();
    await page.getByRole('option', { name: 'source lathes' }).click();
    await asked.getByRole('combobox', { name: 'Device class' }).click();
    await page.getByRole('option', { name: 'lathe', exact: true }).click();
    await asked.getByRole('button', { name: 'Build', exact: true }).click();
    await page.waitForURL(/\/builds\/bld_/);
    const id = BuildId.parse(basename(new URL(page.url()).pathname));

    await page.getByRole('heading', { name: 'Under way' }).waitFor();
    await until('what the build asks of the archive', () => archive.waiting() > 0 || undefined);
    const programs = await programsThatAsk(archive.uri);
    expect(programs.map(({ command }) => basename(command))).toEqual(
      expect.arrayContaining(['apt-get', 'http']),
    );
    const caches = programs.map(({ aptFolder }) => aptFolder);
    onTestFinished(async () => {
      // The cache is that of other runs as well.
      for (const cache of caches) await rm(cache, { recursive: true, force: true });
    });

    await page.getByRole('button', { name: 'Cancel' }).click();
    const sure = page.getByRole('dialog', { name: /^Cancel the build of lathe/ });
    await sure.getByRole('button', { name: 'Cancel the build' }).click();
    await page.getByText('Its worker stops, and what it had made is thrown away').waitFor();
    await page.getByRole('button', { name: 'Build once more' }).waitFor();
    await until('the end of all that asked the archive', async () =>
      archive.waiting() === 0 && (await programsThatAsk(archive.uri)).length === 0 ? true : undefined,
    );
    const left = () => readdir(join(folder, 'server', 'store', 'builds', id), { recursive: true });
    await until('the end of the attempt', async () =>
      (await left()).includes('attempts') ? undefined : true,
    );
    expect((await left()).toSorted()).toEqual(['build.log', 'request.json']);
    expect(await client.builds.get(id)).toMatchObject({ state: 'cancelled', artifacts: [] });

    // Whatever it held is free: the same build gets as far again.
    await page.getByRole('button', { name: 'Build once more' }).click();
    await page.waitForURL((url) => /\/builds\/bld_/.test(url.pathname) && !url.pathname.endsWith(id));
    const again = BuildId.parse(basename(new URL(page.url()).pathname));
    await until('what the build asks once more', () => archive.waiting() > 0 || undefined);
    await client.builds.cancel(again);
    await page.getByText('Its worker stops').waitFor();
    await until('the end of all that asked', () => archive.waiting() === 0 || undefined);
    expect(visitor.faults()).toEqual([]);
  });
};
