import { AgentConfig } from '@slipway/protocol';
import type { ImageFile } from '@slipway/image-spec';
import { expect, test } from 'vitest';
import { diskOrder } from './disk-order.ts';
import { INITRAMFS_MODULES } from './drivers.ts';
import { testParts, testRequest, testSpec } from './fixture/parts.ts';
import { kernelModules } from './kernel-modules.ts';
import { bytesAt, textAt } from './resolve-path.ts';
import { makeRootTree } from './root-tree.ts';

const root = async (agent: Partial<ImageFile['agent']> = {}) => {
  const parts = testParts();
  const spec = testSpec();
  const modules = kernelModules(parts.kernel.tree);
  return await makeRootTree({
    arch: 'amd64',
    request: testRequest(),
    spec: { ...spec, agent: { ...spec.agent, ...agent } },
    parts,
    modules,
    loadedModules: await modules.closure(INITRAMFS_MODULES.first),
    drivers: [],
    agentBundle: Buffer.from('agent'),
    notices: 'notices',
    sourceDir: '/nowhere',
  });
};
const text = (tree: Awaited<ReturnType<typeof root>>, path: string) => textAt(tree, path);

test('an init component that still has /bin lands in the merged /usr and wins over busybox', async () => {
  const tree = await root();
  expect(tree.get('bin')).toMatchObject({ type: 'symlink', target: 'usr/bin' });
  expect(text(tree, 'usr/bin/mount')).toBe('a mount of its own');
  expect(tree.get('usr/bin/sh')).toMatchObject({ type: 'symlink', target: 'busybox' });
  expect(tree.get('usr/sbin/init')).toMatchObject({ target: '../bin/busybox' });
});

test('containers of one image that mount the same share its files; a writable one gets an overlay', async () => {
  const tree = await root();
  const web: unknown = JSON.parse(text(tree, 'containers/services/web/config.json'));
  expect(web).toMatchObject({ root: { path: 'rootfs', readonly: true } });
  expect(bytesAt(tree, 'containers/services/web/rootfs/usr/bin/httpd')).toHaveLength(300_000);
  // A place for the bind, because nothing can be made on a verified root.
  expect(tree.get('containers/services/web/rootfs/srv/www')?.type).toBe('directory');
  for (const name of ['lower', 'tmp', 'rootfs'])
    expect(tree.get(`containers/onboot/000-setup/${name}`)?.type).toBe('directory');
});

test.each([
  ['Europe/Vienna', 'CET-1CEST,M3.5.0,M10.5.0/3', 'Europe/Vienna'],
  ['CET-1', 'CET-1', undefined],
  [undefined, undefined, undefined],
])('of the zone %s the agent is told the rule %s and the name %s', async (timeZone, rule, name) => {
  const tree = await root(timeZone === undefined ? {} : { timeZone });
  const settings = AgentConfig.parse(JSON.parse(text(tree, 'etc/slipway/agent.json')));
  expect([settings.timeZone, settings.timeZoneName]).toEqual([rule, name]);
});

test('modules that the initramfs has loaded are not loaded again', async () => {
  const tree = await root();
  expect(text(tree, 'usr/lib/slipway/modules')).toBe('/usr/lib/modules/6.1.0-test/kernel/overlay.ko\n');
});

test('init starts every service and the agent, and the agent finds its release', async () => {
  const tree = await root();
  expect(text(tree, 'etc/inittab')).toContain('::respawn:/usr/lib/slipway/run-agent');
  expect(JSON.parse(text(tree, 'etc/slipway/release.json'))).toMatchObject({
    version: '1.0.0',
    arch: 'amd64',
  });
  expect(text(tree, 'usr/lib/slipway/agent.mjs')).toBe('agent');
});

test('what changes most lies last on the disk, and every parent comes before its children', async () => {
  const order = diskOrder(await root()).map(({ path }) => path);
  const at = (path: string) => order.indexOf(path);
  expect(at('usr/bin/node')).toBeGreaterThan(-1);
  expect(at('usr/bin/busybox')).toBeLessThan(at('srv/www/index.html'));
  expect(at('srv/www/index.html')).toBeLessThan(at('etc/slipway/release.json'));
  const early = order.filter((path, index) => {
    const parent = path.slice(0, Math.max(0, path.lastIndexOf('/')));
    return parent !== '' && at(parent) >= index;
  });
  expect(early).toEqual([]);
});
