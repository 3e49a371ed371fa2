import { expect, test } from 'vitest';
import { PASSWORD, type World } from '../world.ts';

export const security = (world: () => World): void => {
  test('the session is in a cookie that no script reads and no other site has sent', async () => {
    const visitor = await world().visitAs('anna');
    const cookies = await visitor.context.cookies();
    expect(cookies).toMatchObject([{ name: 'slipway_session', httpOnly: true, sameSite: 'Strict' }]);
    expect(await visitor.page.evaluate('document.cookie')).toBe('');
  });

  test('no script stands in the page, and its policy lets none in', async () => {
    const { url } = world().instance;
    const answer = await fetch(`${url}/devices?query=x`, { headers: { accept: 'text/html' } });
    const policy = answer.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(/script-src ([^;]*)/.exec(policy)?.[1]).toBe("'self'");
    expect(policy).not.toContain('unsafe');
    const page = await answer.text();
    expect([...page.matchAll(/<script\b[^>]*>([^<]*)<\/script>/g)].map(([, text]) => text)).toEqual(['']);

    const visitor = await world().visitAs('anna');
    await visitor.page.evaluate(`const script = document.createElement('script');
      script.textContent = 'document.title = "inline";';
      document.body.append(script);`);
    await expect.poll(() => visitor.faults().join(' ')).toContain('policy script-src');
    expect(await visitor.page.title()).not.toBe('inline');
  });

  test('a page of another origin changes nothing with the session of whoever looks at it', async () => {
    const visitor = await world().visitAs('anna');
    const { page } = visitor;
    const [cookie] = await visitor.context.cookies();
    const { url } = world().instance;
    // The same machine by another name: another origin, of another site.
    const other = url.replace('127.0.0.1', 'localhost');
    await visitor.context.route(`${other}/**`, (route) =>
      route.fulfill({ contentType: 'text/html', body: '<title>other</title>' }),
    );
    await page.goto(`${other}/trap`);
    const isAnswered = await page.evaluate(
      (to) =>
        fetch(to, { method: 'POST', credentials: 'include', headers: { 'x-slipway-request': '1' } }).then(
          () => true,
          () => false,
        ),
      `${url}/v1/logout`,
    );
    expect(isAnswered).toBe(false);
    // Also where a browser had sent the cookie along.
    const forged = (headers: Record<string, string>) =>
      fetch(`${url}/v1/users`, {
        method: 'POST',
        headers: {
          cookie: `slipway_session=${cookie?.value ?? ''}`,
          'content-type': 'application/json',
          ...headers,
        },
        body: JSON.stringify({ name: 'mallory', password: PASSWORD, role: 'admin' }),
      });
    expect((await forged({})).status).toBe(403);
    expect((await forged({ origin: other, 'x-slipway-request': '1' })).status).toBe(403);
    expect((await world().instance.client.users.list().all()).map(({ name }) => name)).not.toContain(
      'mallory',
    );
  });
};
