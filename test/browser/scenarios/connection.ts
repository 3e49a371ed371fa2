import type { Visit } from '@slipway/browser';
import type { Request } from 'playwright-core';
import { expect, onTestFinished, test } from 'vitest';
import { layCable } from '../cable.ts';
import type { World } from '../world.ts';

const sign = ({ page }: Visit, text: RegExp) => page.getByRole('status').filter({ hasText: text }).first();
const LIVE = /changes are shown as they happen/;
const LOST = /connection is lost/;

export const connection = (world: () => World): void => {
  test('a network that is lost is shown, and what changed meanwhile is there once it is back', async () => {
    const { client, url } = world().instance;
    const cable = await layCable(url);
    onTestFinished(() => cable.close());
    const visitor = await world().visitAs('anna', '/', { baseURL: cable.url });
    const { page } = visitor;
    await sign(visitor, LIVE).waitFor({ state: 'attached' });
    cable.cut();
    await sign(visitor, LOST).waitFor({ state: 'attached' });
    await client.emergencyStop.replace({ reason: 'the network was away' });
    cable.mend();
    await sign(visitor, LIVE).waitFor({ state: 'attached' });
    await page.getByText('the network was away').first().waitFor();
    // It goes on telling.
    await client.emergencyStop.delete();
    await expect.poll(() => page.getByText('the network was away').count()).toBe(0);
  });

  test('what changes is seen without a look at the server, by one stream for the whole page', async () => {
    const visitor = await world().visitAs('anna');
    const { page } = visitor;
    await sign(visitor, LIVE).waitFor({ state: 'attached' });
    const asked: string[] = [];
    page.on('request', (request) => asked.push(new URL(request.url()).pathname));
    await world().instance.client.emergencyStop.replace({ reason: 'seen without a reload' });
    await page.getByText('seen without a reload').first().waitFor();
    await world().instance.client.emergencyStop.delete();
    await page.getByText('seen without a reload').first().waitFor({ state: 'detached' });
    expect(asked).not.toContain('/v1/events');
  });

  test('a tab that nobody sees lets its stream go, and reads anew when it is seen again', async () => {
    const visitor = await world().visitAs('anna');
    const { page } = visitor;
    await sign(visitor, LIVE).waitFor({ state: 'attached' });
    // A browser without a window hides nothing; so what it would say is put in its mouth, and all else is as it is.
    const show = (state: 'hidden' | 'visible') =>
      page.evaluate(`Object.defineProperty(document, 'visibilityState', { configurable: true, value: '${state}' });
        document.dispatchEvent(new Event('visibilitychange'));`);
    const isStream = (request: Request): boolean => request.url().includes('/v1/events');
    const ended = page.waitForEvent('requestfailed', isStream);
    await show('hidden');
    await ended;
    await world().instance.client.emergencyStop.replace({ reason: 'while nobody looked' });
    const again = page.waitForRequest(isStream);
    await show('visible');
    await again;
    await page.getByText('while nobody looked').first().waitFor();
    await world().instance.client.emergencyStop.delete();
    await expect.poll(() => page.getByText('while nobody looked').count()).toBe(0);
  });
};
