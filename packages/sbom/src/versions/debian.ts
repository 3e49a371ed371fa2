import { compareDigits, compareNatural } from './natural.ts';

/**
 * The order of `dpkg --compare-versions`: epoch, upstream version, revision. No epoch is epoch 0, so `9.8` is before
 * `1:9.2`; no revision is revision 0.
 */
export const compareDebian = (a: string, b: string): number => {
  const [one, other] = [split(a), split(b)];
  return (
    compareDigits(one.epoch, other.epoch) ||
    compareNatural(one.upstream, other.upstream) ||
    compareNatural(one.revision, other.revision)
  );
};

const split = (version: string) => {
  const [, epoch = '', rest = version] = /^(\d+):(.*)$/s.exec(version) ?? [];
  const dash = rest.lastIndexOf('-');
  return dash === -1
    ? { epoch, upstream: rest, revision: '' }
    : { epoch, upstream: rest.slice(0, dash), revision: rest.slice(dash + 1) };
};

/** `1` of `1:9.2`: where one of two versions has none and the other has, they hardly belong together. */
export const debianEpoch = (version: string): string => split(version).epoch.replace(/^0+/, '');
