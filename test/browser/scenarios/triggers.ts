import { randomUUID } from 'node:crypto';
import { gitHubPush, newGitRepository } from '@slipway/api/testing';
import { until } from '@slipway/fleet/testing';
import { expect, onTestFinished, test } from 'vitest';
import type { World } from '../world.ts';

/** No worker can do what the class needs: its builds wait until somebody gives them up. */
const FILES = {
  'classes/rack.yml':
    'name: rack\narch: amd64\nimages: [../rack.yml]\nqualification: off\nneeds: [a-lathe]\ntriggers: [{ on: cron, schedule: "0 3 1 1 *" }]\n',
  'rack.yml': "kernel: { image: 'deb:k' }\npackages: { k: { install: [linux] } }\n",
};

export const triggers = (world: () => World): void => {
  test('a push that a forge tells of is built, the history shows it as it comes, and the build is cancelled', async () => {
    const repository = await newGitRepository();
    onTestFinished(() => repository.remove());
    const commit = await repository.commit(FILES);
    const visitor = await world().visitAs('anna', '/settings/triggers');
    const { page } = visitor;

    await page.getByRole('button', { name: 'New source' }).click();
    const source = page.getByRole('dialog', { name: 'New source' });
    await source.getByLabel('Name').fill('racks');
    await source.getByLabel('Address').fill(repository.url);
    await source.getByRole('button', { name: 'Add the source' }).click();
    await source.waitFor({ state: 'detached' });
    // What its class file names is there by itself, and is changed nowhere else.
    const { triggers: known } = world().instance.client;
    await until('the trigger of the class file', async () => (await known.list().all())[0]);
    await page.goto('/settings/triggers');
    await page.getByText('from classes/rack.yml').waitFor();
    await page.getByRole('button', { name: 'What can be done with rack.cron' }).click();
    await page.getByText('classes/rack.yml names it: change or remove it there').waitFor();
    await page.keyboard.press('Escape');
    await page
      .getByRole('region', { name: 'Triggers that class files of racks name' })
      .getByText('taken', { exact: true })
      .waitFor();

    await page.getByRole('button', { name: 'New trigger' }).click();
    const trigger = page.getByRole('dialog', { name: 'New trigger' });
    await trigger.getByLabel('Name').fill('on-push');
    await trigger.locator('input[readonly], input[aria-haspopup=listbox]').first().click();
    await page.getByRole('option', { name: /push/i }).first().click();
    await trigger.getByLabel('Source').first().click();
    await page.getByRole('option', { name: 'racks' }).click();
    await trigger.getByRole('button', { name: 'Make the trigger' }).click();

    // What the forge would be told, as it stands on the screen.
    const told = page.getByRole('dialog', { name: 'Tell the sender of on-push' });
    const [hook, secret] = await told.locator('code.slipway-mono').allInnerTexts();
    await told.getByRole('button', { name: 'I have put it away' }).click();
    await page.goto('/builds?tab=triggers');
    await page.getByText('Nothing has set it off yet').waitFor();
    const { headers, body } = gitHubPush(secret ?? '', randomUUID(), { after: commit });
    const answer = await fetch(hook ?? '', { method: 'POST', headers, body });
    expect(answer.status).toBeLessThan(300);

    // Nobody loads the page anew.
    await page.getByText('accepted').waitFor();
    await page.getByRole('link', { name: 'rack', exact: true }).click();
    await page.waitForURL(/\/builds\/bld_/);
    await page.getByRole('button', { name: 'Cancel' }).click();
    const sure = page.getByRole('dialog', { name: /^Cancel the build of rack/ });
    await sure.getByRole('button', { name: 'Cancel the build' }).click();
    await page.getByText('cancelled', { exact: true }).first().waitFor();
    await page.getByRole('button', { name: 'Build once more' }).waitFor();
    const [build] = await world().instance.client.builds.list({ deviceClass: 'rack' }).all();
    expect(build).toMatchObject({ state: 'cancelled', release: expect.any(String) as unknown });

    await page.goto('/builds?tab=triggers');
    await page.getByText('cancelled', { exact: true }).waitFor();
    expect(visitor.faults()).toEqual([]);
  });
};
