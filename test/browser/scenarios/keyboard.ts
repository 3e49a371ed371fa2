import { expect, test } from 'vitest';
import type { Visit } from '@slipway/browser';
import type { World } from '../world.ts';

/** What has the focus, as it is called. */
const focused = async ({ page }: Visit): Promise<string | null> => {
  const at = page.locator('*:focus');
  return (await at.getAttribute('aria-label')) ?? at.textContent();
};

export const keyboard = (world: () => World): void => {
  test('the first key leads past the navigation, into what the screen shows', async () => {
    const visitor = await world().visitAs('anna');
    const { page } = visitor;
    await page.reload();
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.keyboard.press('Tab');
    expect(await focused(visitor)).toBe('Skip to the content');
    await page.keyboard.press('Enter');
    await expect.poll(() => page.locator('*:focus').getAttribute('id')).toBe('main');
  });

  test('the palette opens by a key, finds a screen by its name and goes there; Escape gives the focus back', async () => {
    const visitor = await world().visitAs('anna');
    const { page } = visitor;
    await page.keyboard.press('Control+k');
    const search = page.getByRole('textbox', { name: 'Search and commands' });
    await search.fill('audit');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/audit');
    await page.getByRole('heading', { level: 1, name: 'Audit' }).waitFor();

    const button = page.getByRole('button', { name: 'Search', exact: true });
    await button.focus();
    await page.keyboard.press('Enter');
    await search.waitFor();
    await search.and(page.locator('*:focus')).waitFor();
    await page.keyboard.press('Escape');
    await search.waitFor({ state: 'detached' });
    await expect.poll(() => focused(visitor)).toBe('Search');
    expect(visitor.faults()).toEqual([]);
  });

  test('g and a letter goes to a screen, ? tells which; a dialog keeps the focus and gives it back', async () => {
    const visitor = await world().visitAs('anna');
    const { page } = visitor;
    await page.keyboard.press('g');
    await page.keyboard.press('d');
    await page.waitForURL('**/devices');
    await page.keyboard.press('Shift+?');
    const dialog = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
    await dialog.waitFor();
    for (let pressed = 0; pressed < 4; pressed += 1) {
      await page.keyboard.press('Tab');
      expect(await dialog.locator('*:focus').count()).toBe(1);
    }
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
  });
};
