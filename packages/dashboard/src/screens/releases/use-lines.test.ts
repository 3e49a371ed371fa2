import { ChannelName, Release, ReleaseUse } from '@slipway/protocol';
import { describe, expect, test } from 'vitest';
import { deprecateLines, withdrawLines, withdrawObstacle } from './use-lines.ts';

const release = Release.parse({
  id: 'rel_0123456789abcdef',
  build: 'bld_0123456789abcdef',
  deviceClass: 'edge',
  arch: 'amd64',
  version: '1.1.0',
  counter: 3,
  state: 'published',
  rootHash: '0'.repeat(64),
  bundle: { digest: `sha256:${'0'.repeat(64)}`, size: 1 },
  createdAt: '2026-11-26T04:36:12.000Z',
});
const use = (over: Partial<ReleaseUse> = {}): ReleaseUse => ({
  release: release.id,
  devices: 12,
  rollouts: [],
  channels: [],
  steppingStoneOf: [],
  ...over,
});
const stable = ChannelName.parse('stable');

describe('the consequences of', () => {
  test('deprecating name rollouts, devices and channels', () => {
    const lines = deprecateLines(release, use({ channels: [{ name: stable, devices: 3 }] }));
    expect(lines).toContain('12 devices that run it stay on it.');
    expect(lines).toContain('It stays the current release of stable.');
  });
  test('withdrawing say that devices keep it, and which channels are left without', () => {
    const lines = withdrawLines(
      release,
      use({ channels: [{ name: stable, devices: 3 }], steppingStoneOf: [stable], devices: 1 }),
    );
    expect(lines[1]).toMatch(/^1 device that runs it stays on it/);
    expect(lines).toContain('Channel stable is left without a release; 3 devices follow it.');
    expect(lines.join(' ')).toContain('stepping stone of stable');
  });
});

test('a rollout under way stands against withdrawing', () => {
  expect(withdrawObstacle(use())).toBeUndefined();
  const rollouts = ReleaseUse.shape.rollouts.parse([{ id: 'rol_0123456789abcdef', state: 'running' }]);
  expect(withdrawObstacle(use({ rollouts }))).toBe('1 rollout of it still runs. Abort it first.');
});
