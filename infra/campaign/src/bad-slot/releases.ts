import type { CaseName } from './cases.ts';
import { CASE_NAMES } from './cases.ts';
import { FIRST } from './ground.ts';

/**
 * Versions of the releases of a class. A bad release of its own for every case and slot: a device that went back from
 * a release takes it again only if an operator says so. Counters rise with the order of building, and only a commit
 * raises a device's floor, so that any of them can follow any other.
 */
export const VERSIONS = {
  first: FIRST,
  second: '2.0.0',
  last: '9.0.0',
  bad: (name: CaseName): string => `3.0.${CASE_NAMES.indexOf(name)}`,
} as const;
