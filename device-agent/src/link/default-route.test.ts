import type { LinkPolicy } from '@slipway/protocol';
import { describe, expect, test } from 'vitest';
import { defaultInterface } from './default-route.ts';
import { isMetered, rateOf } from './policy.ts';

const HEAD = 'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n';
const route = (name: string, metric: number, destination = '00000000', mask = destination, flags = '0003') =>
  `${name}\t${destination}\t0202000A\t${flags}\t0\t0\t${metric}\t${mask}\t0\t0\t0\n`;
const NONE6 =
  '00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo\n';
const WIFI6 =
  '00000000000000000000000000000000 00 00000000000000000000000000000000 00 fe800000000000000000000000000001 00000400 00000001 00000000 00450003    wlan0\n';

describe('the interface of the default route', () => {
  test.each([
    ['the only one', HEAD + route('eth0', 0), '', 'eth0'],
    ['the one with the lowest metric', HEAD + route('wwan0', 700) + route('eth0', 100), '', 'eth0'],
    [
      'not that of a network',
      HEAD + route('eth0', 0, '0002000A', '00FFFFFF') + route('wwan0', 700),
      '',
      'wwan0',
    ],
    ['not one that is down', HEAD + route('eth0', 0, '00000000', '00000000', '0002'), '', undefined],
    ['of IPv6 where there is none of IPv4', HEAD, NONE6 + WIFI6, 'wlan0'],
    ['none', HEAD, NONE6, undefined],
    ['none at all', '', '', undefined],
  ])('%s', (_, route4, route6, expected) => {
    expect(defaultInterface(route4, route6)).toBe(expected);
  });
});

describe('a link', () => {
  test.each<readonly [LinkPolicy, string | undefined, boolean]>([
    [{}, 'wwan0', true],
    [{}, 'ppp0', true],
    [{}, 'eth0', false],
    [{}, undefined, false],
    [{ interfaces: ['eth0', 'usb*'] }, 'eth0', true],
    [{ interfaces: ['eth0', 'usb*'] }, 'eth01', false],
    [{ interfaces: ['eth0', 'usb*'] }, 'usb3', true],
    [{ interfaces: ['eth0', 'usb*'] }, 'wwan0', false],
    [{ metered: 'always' }, 'eth0', true],
    [{ metered: 'never' }, 'wwan0', false],
  ])('with %j over %s is metered: %s', (policy, name, expected) => {
    expect(isMetered(policy, name)).toBe(expected);
  });

  test('has a rate for either', () => {
    const policy = { maxRate: 1024, maxRateUnmetered: 4096 };
    expect([rateOf(policy, true), rateOf(policy, false), rateOf({}, true)]).toEqual([1024, 4096, undefined]);
  });
});
