import { describe, expect, test } from 'vitest';
import { AddressRefused, checkAddress, findTarget, parseAllowed } from './addresses.ts';

const none = parseAllowed([]);

test.each([
  '127.0.0.1',
  '127.8.8.8',
  '10.1.2.3',
  '172.31.0.1',
  '192.168.1.1',
  '169.254.169.254',
  '100.64.0.1',
  '0.0.0.0',
  '255.255.255.255',
  '224.0.0.1',
  '::1',
  '::',
  'fe80::1',
  'fd00::1',
  'ff02::1',
  '::ffff:127.0.0.1',
  '::ffff:a9fe:a9fe',
  '::ffff:0:127.0.0.1',
  '64:ff9b::7f00:1',
  '2002:7f00:1::',
])('%s is refused', (address) => {
  expect(checkAddress(address, none)).toBe('refused');
});

test.each(['8.8.8.8', '172.32.0.1', '192.167.0.1', '2606:4700::1111', '::ffff:8.8.8.8'])(
  '%s is public',
  (address) => {
    expect(checkAddress(address, none)).toBe('public');
  },
);

test('what the configuration names is allowed, and no more', () => {
  const allowed = parseAllowed(['10.1.0.0/16', '127.0.0.1', 'fd00:1::/32']);
  expect(
    ['10.1.255.1', '127.0.0.1', 'fd00:1::5', '::ffff:10.1.0.1'].map((one) => checkAddress(one, allowed)),
  ).toEqual(['allowed', 'allowed', 'allowed', 'allowed']);
  expect(['10.2.0.1', '127.0.0.2', 'fd00:2::5'].map((one) => checkAddress(one, allowed))).toEqual([
    'refused',
    'refused',
    'refused',
  ]);
});

describe('the target of a URL', () => {
  const target = (url: string, ranges: readonly string[] = []) =>
    findTarget(new URL(url), parseAllowed(ranges));

  test.each([
    'https://127.0.0.1/',
    'https://[::1]:8443/',
    'https://localhost/',
    // The ways in which URLs write 127.0.0.1.
    'https://2130706433/',
    'https://0x7f.1/',
    'https://0177.0.0.1/',
    'https://[::ffff:7f00:1]/',
  ])('%s leads nowhere', async (url) => {
    await expect(target(url)).rejects.toBeInstanceOf(AddressRefused);
  });

  test('plain http goes only to what is allowed', async () => {
    await expect(target('http://8.8.8.8/')).rejects.toBeInstanceOf(AddressRefused);
    expect(await target('http://127.0.0.1:1/', ['127.0.0.0/8'])).toEqual({ address: '127.0.0.1', family: 4 });
    expect(await target('https://8.8.8.8/')).toEqual({ address: '8.8.8.8', family: 4 });
  });
});
