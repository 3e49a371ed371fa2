import {
  countDevices,
  differenceOf,
  findRunning,
  listDevices,
  listPackages,
  queryCondition,
  type Database,
} from '@slipway/fleet';
import { DEFAULT_TENANT, ReleaseId } from '@slipway/protocol';

export type Question = {
  readonly name: string;
  /** @returns how many things the answer tells of */
  readonly ask: (db: Database) => Promise<number>;
  readonly mayScan?: boolean;
};

const FIRST = { limit: 100, offset: 0 };
const NOW = new Date('2026-03-01T12:00:00Z');

const find = (text: string, mayScan = false): Question => ({
  name: `find ${text}`,
  mayScan,
  ask: async (db) => (await findRunning(db, text, undefined)).devices,
});
const count = (text: string, mayScan = false): Question => ({
  name: `count ${text}`,
  mayScan,
  ask: async (db) => (await countDevices(db, text, NOW)).total,
});

/** @param releases how many there are */
export const questions = (releases: number): readonly Question[] => [
  find('openssl < 3.5.8', true),
  find('openssl < 3.5.1'),
  find('deb:libssl3t64 = 3.5.1-1'),
  find('npm:@scope/module-3 < 3.0.2'),
  find('golang:github.com/owner-4/module-4 < 3.0.2'),
  find('openssl', true),
  find('openssl-that-nobody-has'),
  count('package.openssl < 3.5.8', true),
  count('package.openssl < 3.5.1 and class = class-3'),
  {
    name: 'first hundred devices with package.openssl < 3.5.1',
    ask: async (db) => {
      const condition = await queryCondition(db, 'package.openssl < 3.5.1', NOW);
      return (await listDevices(db, { ...FIRST, condition })).length;
    },
  },
  {
    name: 'first hundred packages, with versions and devices',
    // It counts the devices of all releases.
    mayScan: true,
    ask: async (db) => (await listPackages(db, DEFAULT_TENANT, FIRST, undefined)).length,
  },
  {
    name: 'difference of two releases',
    ask: async (db) => {
      const id = (n: number) => ReleaseId.parse(`rel_${String(n).padStart(16, '0')}`);
      const { upgraded } = await differenceOf(db, id(releases - 1), id(releases - 9));
      return upgraded.length;
    },
  },
];
