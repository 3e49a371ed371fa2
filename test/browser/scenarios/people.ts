import { DeviceId, GroupName } from '@slipway/protocol';
import { expect, test } from 'vitest';
import { PASSWORD, type World } from '../world.ts';

export const people = (world: () => World): void => {
  test('whoever only reads is offered nothing that changes the fleet', async () => {
    const { client } = world().instance;
    await client.users.create({ name: 'vera', password: PASSWORD, role: 'viewer' });
    const visitor = await world().visitAs('vera', '/builds');
    const { page } = visitor;
    await page
      .getByRole('link', { name: /^1\.1\.0|edge/ })
      .first()
      .waitFor();
    expect(await page.getByRole('button', { name: 'New build' }).count()).toBe(0);
    const release = (await client.releases.list().all()).find(({ state }) => state === 'published');
    await page.goto(`/releases/${release?.id ?? ''}`);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.getByText('published').first().waitFor();
    expect(await page.getByRole('link', { name: 'Roll out' }).count()).toBe(0);
    await page.goto('/rollouts/new');
    await page.getByText(/takes the role releaser or admin/).waitFor();
    expect(visitor.faults()).toEqual([]);
  });

  test('devices that a query finds are given a tag, all at once, and the list shows it without a reload', async () => {
    const visitor = await world().visitAs('anna', '/devices');
    const { page } = visitor;
    const query = page.getByRole('textbox', { name: 'Query' });
    await query.fill('id in (edge-001, edge-002)');
    await query.press('Control+Enter');
    await page.waitForURL(/query=/);
    await expect.poll(() => page.getByRole('row').count()).toBe(3);
    await page.getByRole('checkbox').first().check();
    const bar = page.getByRole('toolbar', { name: 'What to do with the selected devices' });
    await bar.getByRole('button', { name: 'Organise' }).click();
    await page.getByRole('menuitem', { name: 'Tags …' }).click();
    const dialog = page.getByRole('dialog', { name: 'Tags' });
    await dialog.locator('input').first().fill('cellar');
    await page.keyboard.press('Enter');
    await dialog.getByRole('button', { name: 'Change 2 devices' }).click();
    await dialog.getByText('2 devices done.').waitFor();
    await dialog.getByRole('button', { name: 'Close' }).last().click();
    await expect.poll(() => page.getByRole('row').getByText('cellar').count()).toBe(2);
    const tagged = await world().instance.client.devices.list({ query: 'tag = cellar' }).all();
    expect(tagged.map(({ id }) => id).toSorted()).toEqual(['edge-001', 'edge-002']);
    expect(visitor.faults()).toEqual([]);
  });

  test('the audit log and the history of a device grow before the eyes of whoever looks at them', async () => {
    const { client } = world().instance;
    const visitor = await world().visitAs('anna', '/audit');
    const { page } = visitor;
    await page.getByRole('cell', { name: 'device.change' }).first().waitFor();
    const rows = page.getByRole('cell', { name: 'group.create' });
    const before = await rows.count();
    await client.groups.create({ name: GroupName.parse('night-shift') });
    await expect.poll(() => rows.count()).toBe(before + 1);

    await page.goto('/devices/edge-001?tab=history');
    await page.getByText('Enrolled, and given a certificate').waitFor();
    await client.devices.update(DeviceId.parse('edge-001'), { name: 'Gate 1' });
    await page.getByText('name Gate 1').waitFor();
    await page
      .getByRole('button', { name: /^Show details of: Update to 1\.1\.0/ })
      .first()
      .click();
    await page.getByText(/over the network/).waitFor();
    await page.waitForURL(/event=exe_/);
    expect(visitor.faults()).toEqual([]);
  });
};
