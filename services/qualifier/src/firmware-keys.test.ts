import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_PROFILE, SigningProfile } from '@slipway/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { firmwareKeys } from './firmware-keys.ts';

let profilesDir: string;
beforeAll(async () => {
  profilesDir = await mkdtemp(join(tmpdir(), 'slipway-firmware-keys-'));
  for (const name of ['pumps/secure-boot', 'default/secure-boot', 'gates'])
    await mkdir(join(profilesDir, name), { recursive: true });
});
afterAll(() => rm(profilesDir, { recursive: true, force: true }));

const secureBootDir = '/keys/secure-boot';
const [pumps, gates] = [SigningProfile.parse('pumps'), SigningProfile.parse('gates')];

test('firmware enrols the keys of the profile that signs, and never those of another one', async () => {
  const keysOf = (signing: SigningProfile) => firmwareKeys({ secureBootDir, profilesDir }, { signing });
  expect(await keysOf(pumps)).toBe(join(profilesDir, 'pumps', 'secure-boot'));
  // The default one is no folder among the others.
  expect(await keysOf(DEFAULT_PROFILE)).toBe(secureBootDir);
  // It has a root, and no keys for firmware.
  expect(await keysOf(gates)).toBeUndefined();
  expect(await keysOf(SigningProfile.parse('pipes'))).toBeUndefined();
});

test('a qualifier without profiles knows the default one alone', async () => {
  expect(await firmwareKeys({ secureBootDir }, { signing: pumps })).toBeUndefined();
  expect(await firmwareKeys({ secureBootDir }, { signing: DEFAULT_PROFILE })).toBe(secureBootDir);
  expect(await firmwareKeys({ profilesDir }, { signing: DEFAULT_PROFILE })).toBeUndefined();
});
