import { describe, expect, test } from 'vitest';
import { DeviceId, TenantId } from './ids.ts';
import { commandOfTopic, deviceTopic, DOWN, parseUpTopic, SHARES, shareOf, UP } from './topics.ts';

const longest = 'a'.repeat(63);
const tenant = TenantId.parse(longest);
const device = DeviceId.parse(longest);

describe('topics of the device channel', () => {
  test.each(UP)('%s of the longest names is read back', (kind) => {
    expect(parseUpTopic(deviceTopic(tenant, device, kind))).toEqual({ tenant, device, kind });
  });

  test('none is longer than 200 characters', () => {
    for (const kind of [...UP, ...DOWN]) expect(deviceTopic(tenant, device, kind).length).toBeLessThan(200);
  });

  test('devices are dealt evenly into shares, whatever the pattern of their ids', () => {
    for (const prefix of ['edge-', 'a0:b1-', '00000000-0000-4000-8000-']) {
      const counts = Array<number>(SHARES).fill(0);
      for (let at = 0; at < 16_000; at += 1) counts[shareOf(`${prefix}${String(at).padStart(6, '0')}`)]! += 1; // oxlint-disable-line typescript/no-non-null-assertion
      expect(Math.max(...counts)).toBeLessThan(1.3 * (16_000 / SHARES));
      expect(Math.min(...counts)).toBeGreaterThan(0.7 * (16_000 / SHARES));
    }
  });

  test.each([
    ['a device of 64 characters', `slip/t/${longest}a/birth`],
    ['a tenant of 64 characters', `slip/${longest}a/d/birth`],
    ['65,000 characters of a device', `slip/t/${'a'.repeat(65_000)}/birth`],
    ['65,000 characters of a kind', `slip/t/d/${'a'.repeat(65_000)}`],
    ['65,000 levels', `slip/${'a/'.repeat(32_000)}birth`],
    ['more behind it', 'slip/t/d/birth/more'],
    ['a wildcard', 'slip/t/+/birth'],
    ['nothing of a device', 'slip/t//birth'],
    ['a kind that goes down', 'slip/t/d/desired'],
  ])('refused: %s', (_what, topic) => {
    expect(parseUpTopic(topic)).toBeUndefined();
  });

  test('ids that would make longer ones are none', () => {
    for (const text of [`${longest}a`, 'a/b', '+', '#', '']) {
      expect(DeviceId.safeParse(text).success).toBe(false);
      expect(TenantId.safeParse(text).success).toBe(false);
    }
  });

  test('a command is known by the end of its topic', () => {
    expect(commandOfTopic(deviceTopic(tenant, device, 'cmd/reboot'))).toBe('reboot');
    expect(commandOfTopic('slip/t/d/cmd/explode')).toBeUndefined();
  });
});
