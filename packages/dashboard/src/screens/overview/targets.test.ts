import { expect, test } from 'vitest';
import { targetPath } from './targets.ts';

test.each([
  [{ kind: 'devices', query: 'alarm = hot' }, '/devices?query=alarm+%3D+hot'],
  [{ kind: 'devices', query: '' }, '/devices'],
  [{ kind: 'rollout', id: 'rol_1' }, '/rollouts/rol_1'],
  [{ kind: 'webhook', id: 'whk_1' }, '/settings/webhooks'],
] as const)('%j is looked after at %s', (target, path) => expect(targetPath(target)).toBe(path));
