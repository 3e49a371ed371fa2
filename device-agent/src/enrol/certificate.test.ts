import { DeviceId, TenantId } from '@slipway/protocol';
import { describe, expect, test } from 'vitest';
import { isRenewalDue, renewalTime } from './certificate.ts';
import type { Identity } from './identity.ts';

const DAY = 86_400;
const ISSUED = 1_800_000_000;
const ENDS = ISSUED + 90 * DAY;

const identity = (over: Partial<Identity> = {}): Identity => ({
  v: 1,
  deviceId: DeviceId.parse('device-1'),
  tenant: TenantId.parse('t'),
  certificate: '',
  mqttUrl: 'mqtts://broker',
  claimRemoved: true,
  issuedAt: ISSUED,
  obtainedAt: ISSUED,
  endsAt: ENDS,
  renewAt: renewalTime(ISSUED, ENDS, 0),
  ...over,
});

describe('when a certificate is renewed', () => {
  test('at half its life, over a tenth of it', () => {
    expect(renewalTime(ISSUED, ENDS, 0)).toBe(ISSUED + 45 * DAY);
    expect(renewalTime(ISSUED, ENDS, 0.999_999)).toBeCloseTo(ISSUED + 54 * DAY, -2);
  });
  test('of one that does not tell when it was given: in the last half of the usual life', () => {
    expect(renewalTime(undefined, ENDS, 0)).toBe(ENDS - 45 * DAY);
  });
  test('not before, and from then on', () => {
    expect(isRenewalDue(identity(), ISSUED + 45 * DAY - 1)).toBe(false);
    expect(isRenewalDue(identity(), ISSUED + 45 * DAY)).toBe(true);
    expect(isRenewalDue(identity(), ENDS + 200 * DAY)).toBe(true);
  });
  test('one that came late, from the factory, is due at once when its time is over', () => {
    const late = { endsAt: ENDS, renewAt: renewalTime(undefined, ENDS, 0) };
    const { issuedAt: _issued, obtainedAt: _obtained, ...rest } = identity(late);
    expect(isRenewalDue(rest, ENDS - 30 * DAY)).toBe(true);
    expect(isRenewalDue(rest, ENDS - 46 * DAY)).toBe(false);
  });
  test('a clock at 1970 asks for nothing', () => {
    expect(isRenewalDue(identity({ obtainedAt: 100 }), 200)).toBe(false);
  });
  test('a clock ten years ahead asks once, not at every look', () => {
    const ahead = ISSUED + 3650 * DAY;
    expect(isRenewalDue(identity(), ahead)).toBe(true);
    const renewed = identity({ obtainedAt: ahead });
    expect(isRenewalDue(renewed, ahead + DAY)).toBe(false);
    expect(isRenewalDue(renewed, ahead + 46 * DAY)).toBe(true);
  });
  test('a clock that was ten years ahead and was set right asks in time', () => {
    const renewed = identity({ obtainedAt: ISSUED + 3650 * DAY });
    expect(isRenewalDue(renewed, ISSUED + DAY)).toBe(false);
    expect(isRenewalDue(renewed, ISSUED + 45 * DAY)).toBe(true);
  });
});
