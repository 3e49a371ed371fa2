import { addDevices, type Visit } from '@slipway/browser';
import { outcomeOf } from '@slipway/fleet-sim';
import { DeviceId } from '@slipway/protocol';
import { expect, test } from 'vitest';
import { PASSWORD, type World } from '../world.ts';

const BUILD_MS = 180_000;
const DEVICES = 6;
/** On half of the devices the second release does not pass its gates. */
const FATE = { seed: 2, faults: { rollBack: 0.5, panic: 0, refuse: 0, versions: ['1.1.0'] } };

/** What stands beside the title of a screen. */
const beside = ({ page }: Visit, state: RegExp) =>
  page.getByRole('heading', { level: 1 }).locator('xpath=..').getByText(state);

/** Builds a version by the screen of builds, and publishes it by that of its release. */
const ship = async (visitor: Visit, version: string): Promise<void> => {
  const { page } = visitor;
  await page.goto('/builds');
  await page.getByRole('button', { name: 'New build' }).first().click();
  const dialog = page.getByRole('dialog', { name: 'New build' });
  await dialog.locator('input').first().click();
  await page.getByRole('option', { name: 'edge' }).click();
  await dialog.getByLabel('Version').fill(version);
  await dialog.getByRole('button', { name: 'Build', exact: true }).click();
  await page.waitForURL(/\/builds\/bld_/);
  await beside(visitor, /^succeeded$/).waitFor({ timeout: BUILD_MS });
  await page.locator('#main a[href^="/releases/rel_"]').first().click();
  await page.getByRole('button', { name: 'Publish' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Publish' }).click();
  await beside(visitor, /^published$/).waitFor();
};

/** From the release to the rollout that runs; what is in its waves is said in between. */
const rollOut = async ({ page }: Visit, preset: RegExp, wave: () => Promise<void>): Promise<void> => {
  await page.getByRole('link', { name: 'Roll out' }).click();
  await page.waitForURL(/\/rollouts\/new/);
  const next = page.getByRole('button', { name: 'Next' });
  await next.click();
  await page.getByRole('button', { name: 'Begin from …' }).click();
  await page.getByRole('menuitem', { name: preset }).click();
  await wave();
  for (let step = 2; step < 5; step += 1) await next.click();
  await page.getByRole('button', { name: 'Start the rollout' }).click();
  await page.waitForURL(/\/rollouts\/rol_/);
};

export const day = (world: () => World): void => {
  test('an empty installation is set up by whoever holds its token', async () => {
    const { instance } = world();
    const visitor = await world().visit();
    const { page } = visitor;
    await page.goto('/');
    await page.getByLabel('Setup token').fill(await instance.setupToken());
    await page.getByLabel('Your name').fill('anna');
    for (const at of [0, 1]) await page.locator('input[type=password]').nth(at).fill(PASSWORD);
    await page.getByRole('button', { name: 'Begin' }).click();
    await page.waitForURL('**/start');
    await page.getByRole('heading', { level: 1 }).waitFor();
    const users = await instance.client.users.list().all();
    expect(users.map(({ name, role }) => [name, role])).toEqual([['anna', 'admin']]);
    expect(visitor.faults()).toEqual([]);
  });

  test('a release goes from its build to the devices; one that fails stops in its first wave, and is rolled back', async () => {
    const { instance } = world();
    const common = { telemetrySeconds: 5, bootSeconds: 0, stableSeconds: 0 };
    const asked = { deviceClass: 'edge', prefix: 'edge-', count: DEVICES, sim: { ...common, ...FATE } };
    world().add(await addDevices(instance, asked));
    const visitor = await world().visitAs('anna');
    const { page } = visitor;
    await ship(visitor, '1.0.0');
    await rollOut(visitor, /^All at once/, async () => undefined);
    await beside(visitor, /^completed$/).waitFor();

    await instance.images.edit('edge', 'A device of the second generation.');
    await ship(visitor, '1.1.0');
    const names = Array.from({ length: DEVICES }, (_, at) =>
      DeviceId.parse(`edge-${String(at + 1).padStart(3, '0')}`),
    );
    const of = (outcome: string) => names.find((name) => outcomeOf(FATE, name, '1.1.0') === outcome);
    const wave = [of('COMMITTED'), of('ROLLED_BACK')];
    await rollOut(visitor, /^One device/, async () => {
      await page.getByLabel('Who').first().click();
      await page.getByRole('option', { name: 'Named devices' }).click();
      await page.getByRole('textbox', { name: 'Devices' }).fill(wave.join(', '));
      await page.getByRole('textbox', { name: 'Soak' }).first().fill('');
    });
    await beside(visitor, /^stopped$/).waitFor();
    await page.getByText('TRIAL_GATE_FAILED').first().waitFor();
    const versions = async () =>
      Object.groupBy(await instance.client.devices.list().all(), ({ version }) => version ?? 'none');
    await expect.poll(async () => (await versions())['1.1.0']?.map(({ id }) => id)).toEqual([wave[0]]);
    expect((await versions())['1.0.0']).toHaveLength(DEVICES - 1);

    await page.getByRole('button', { name: 'More' }).click();
    await page.getByRole('menuitem', { name: /^Roll back/ }).click();
    const dialog = page.getByRole('dialog', { name: 'Roll the release back?' });
    await dialog.getByLabel('Reason').fill('half of them came back by themselves');
    await dialog.getByLabel('Type 1.1.0 to go on').fill('1.1.0');
    await dialog.getByRole('button', { name: 'Roll back' }).click();
    await beside(visitor, /^rolled back$/).waitFor();
    await expect.poll(async () => (await versions())['1.0.0']?.length).toBe(DEVICES);
    expect(visitor.faults()).toEqual([]);
  });
};
