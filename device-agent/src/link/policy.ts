import { LINK_DEFAULTS, type LinkPolicy } from '@slipway/protocol';

const matches = (name: string, pattern: string): boolean =>
  pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;

/** @param name of the interface that the default route goes over; undefined: there is none */
export const isMetered = (policy: LinkPolicy, name: string | undefined): boolean => {
  const mode = policy.metered ?? LINK_DEFAULTS.metered;
  switch (mode) {
    case 'always':
      return true;
    case 'never':
      return false;
    case 'auto': {
      const patterns = policy.interfaces ?? LINK_DEFAULTS.interfaces;
      return name !== undefined && patterns.some((pattern) => matches(name, pattern));
    }
    default:
      return mode satisfies never;
  }
};

/** Bytes per second of a download; undefined: as fast as it goes. */
export const rateOf = (policy: LinkPolicy, metered: boolean): number | undefined =>
  metered ? policy.maxRate : policy.maxRateUnmetered;
