import { expect, test } from 'vitest';
import { PASSWORD, type World } from '../world.ts';

export const session = (world: () => World): void => {
  test('a wrong password is told so, and how to mend it', async () => {
    const visitor = await world().visit();
    const { page } = visitor;
    await page.goto('/');
    await page.locator('input[autocomplete=username]').fill('anna');
    await page.locator('input[type=password]').fill('wrong in any case');
    await page.getByRole('button', { name: 'Log in' }).click();
    expect(await page.getByRole('alert').textContent()).toContain('LOGIN_FAILED');
  });

  test('a session that ends leaves the screen and what was typed: whoever logs in over it goes on', async () => {
    const { client } = world().instance;
    const visitor = await world().visitAs('anna');
    const { page } = visitor;
    await page.keyboard.press('g');
    await page.keyboard.press('d');
    await page.getByRole('heading', { level: 1, name: 'Devices' }).waitFor();
    const query = page.getByRole('textbox', { name: 'Query' });
    await query.fill('id = half-typed');
    const heading = await page.getByRole('heading', { level: 1 }).elementHandle();
    const mine = (await client.sessions.list({ all: true })).filter(({ kind }) => kind === 'cookie');
    for (const { id } of mine) await client.sessions.delete(id);
    const dialog = page.getByRole('dialog', { name: 'Your session has ended' });
    await dialog.waitFor();
    await page.keyboard.press('Escape');
    expect(await dialog.isVisible()).toBe(true);
    await dialog.locator('input[type=password]').fill(PASSWORD);
    await dialog.getByRole('button', { name: 'Log in' }).click();
    await dialog.waitFor({ state: 'detached' });
    expect(await heading?.isVisible()).toBe(true);
    expect(await query.textContent()).toBe('id = half-typed');
  });
};
