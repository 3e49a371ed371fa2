import { lookup } from 'node:dns/promises';
import { BlockList, isIP, type IPVersion } from 'node:net';

/** A webhook's host is, or has become, an address that nothing may be sent to. */
export class AddressRefused extends Error {}

const family = (address: string): IPVersion => (isIP(address) === 6 ? 'ipv6' : 'ipv4');

const listOf = (ranges: readonly string[]): BlockList => {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = '', bits] = range.split('/');
    const type = family(address);
    list.addSubnet(address, Number(bits ?? (type === 'ipv6' ? 128 : 32)), type);
  }
  return list;
};

/** Every range of IANA's registries of special addresses that is not of the public internet. */
const NOT_PUBLIC = listOf([
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '::/96',
  '::ffff:0:0:0/96',
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '100::/64',
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  '3fff::/20',
  '5f00::/16',
  'fc00::/7',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
]);

/** What an address of IPv6 stands for that has one of IPv4 inside, which is what is connected to. */
const unmapped = (address: string): string => {
  const { hostname } = isIP(address) === 6 ? new URL(`http://[${address}]/`) : { hostname: address };
  const hex = /^\[::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})\]$/.exec(hostname);
  if (hex === null) return address;
  const bytes = [hex[1], hex[2]].flatMap((part) => {
    const value = Number.parseInt(part ?? '', 16);
    return [value >> 8, value & 255];
  });
  return bytes.join('.');
};

/**
 * @param ranges such as `10.1.0.0/16` or one address
 * @throws {TypeError} for what is no range
 */
export const parseAllowed = (ranges: readonly string[]): BlockList => listOf(ranges);

/** @returns whether the configuration allows it by name; public addresses are allowed anyway */
export const checkAddress = (given: string, allowed: BlockList): 'public' | 'allowed' | 'refused' => {
  const address = unmapped(given);
  if (allowed.check(address, family(address))) return 'allowed';
  return NOT_PUBLIC.check(address, family(address)) ? 'refused' : 'public';
};

export type Target = { readonly address: string; readonly family: 4 | 6 };

/**
 * The address to connect to, looked up now: it is this very one that the connection is made to, so that a name that
 * means another address a moment later leads nowhere.
 *
 * @throws {AddressRefused} where one of its addresses is of a private network, or it is plain http to a public one
 */
export const findTarget = async (url: URL, allowed: BlockList): Promise<Target> => {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const found =
    isIP(host) === 0 ? await lookup(host, { all: true }) : [{ address: host, family: isIP(host) }];
  for (const { address } of found) {
    const verdict = checkAddress(address, allowed);
    if (verdict === 'refused')
      throw new AddressRefused(
        `${host} is ${address}, which is no public address; SLIPWAY_WEBHOOK_ALLOW can allow it`,
      );
    if (verdict === 'public' && url.protocol !== 'https:')
      throw new AddressRefused(`plain http goes only to addresses that SLIPWAY_WEBHOOK_ALLOW names`);
  }
  const [first] = found;
  if (first === undefined) throw new AddressRefused(`${host} has no address`);
  return { address: first.address, family: first.family === 6 ? 6 : 4 };
};
