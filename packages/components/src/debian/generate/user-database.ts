import type { SysusersLine } from './sysusers-lines.ts';

type User = { readonly name: string; readonly uid: number; readonly line: string };
type Group = {
  readonly name: string;
  readonly gid: number;
  readonly members: string[];
  readonly line: string;
};

const NOLOGIN = '/usr/sbin/nologin';
const HIGHEST_SYSTEM_ID = 999;

const fieldsOf = (text: string): string[][] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split(':'));

/** The first line for each name counts; who is made a member is made. */
const wantedOf = (lines: readonly SysusersLine[]) => {
  const users = new Map<string, SysusersLine>();
  const groups = new Map<string, SysusersLine>();
  const members = new Map<string, string[]>();
  const bare = (type: 'u' | 'g', name: string): SysusersLine => ({
    type,
    name,
    id: undefined,
    gecos: undefined,
    home: undefined,
    shell: undefined,
  });
  for (const line of lines) {
    const target = line.type === 'u' ? users : line.type === 'g' ? groups : undefined;
    if (target !== undefined && !target.has(line.name)) target.set(line.name, line);
    if (line.type === 'm' && line.id !== undefined)
      members.set(line.id, [...(members.get(line.id) ?? []), line.name]);
  }
  for (const [group, names] of members) {
    for (const name of names) if (!users.has(name)) users.set(name, bare('u', name));
    if (!groups.has(group) && !users.has(group)) groups.set(group, bare('g', group));
  }
  return { users, groups, members };
};

/**
 * Adds to a user and a group database what lines of sysusers.d ask for, with the numbers that systemd-sysusers(8)
 * gives: as asked, else the user's number for its group and the other way round, else the highest that is free.
 *
 * @param ownerOf of a path that a line takes its numbers from
 */
export const addSystemUsers = (
  database: { readonly passwd: string; readonly group: string },
  lines: readonly SysusersLine[],
  ownerOf: (path: string) => { readonly uid: number; readonly gid: number } | undefined,
): { readonly passwd: string; readonly group: string } => {
  const users: User[] = fieldsOf(database.passwd).map((fields) => ({
    name: fields[0] ?? '',
    uid: Number(fields[2]),
    line: fields.join(':'),
  }));
  const groups: Group[] = fieldsOf(database.group).map((fields) => ({
    name: fields[0] ?? '',
    gid: Number(fields[2]),
    members: (fields[3] ?? '').split(',').filter((name) => name !== ''),
    line: fields.slice(0, 3).join(':'),
  }));
  const wanted = wantedOf(lines);
  const ranges = lines.flatMap(({ type, id }) => {
    const [low = NaN, high = low] = (id ?? '').split('-').map(Number);
    return type === 'r' && Number.isInteger(low) && Number.isInteger(high) ? [{ low, high }] : [];
  });
  if (ranges.length === 0) ranges.push({ low: 1, high: HIGHEST_SYSTEM_ID });
  const isInRange = (id: number): boolean => ranges.some(({ low, high }) => low <= id && id <= high);
  const highest = Math.max(...ranges.map(({ high }) => high));

  const userOf = (uid: number): User | undefined => users.find((user) => user.uid === uid);
  const groupOf = (gid: number): Group | undefined => groups.find((group) => group.gid === gid);
  /** The same number for a user and a group of different names would give one the files of the other. */
  const isUidFree = (uid: number, name: string, alsoGroups: boolean): boolean =>
    userOf(uid) === undefined && (!alsoGroups || [undefined, name].includes(groupOf(uid)?.name));
  const isGidFree = (gid: number, name: string, alsoUsers: boolean): boolean =>
    groupOf(gid) === undefined && (!alsoUsers || [undefined, name].includes(userOf(gid)?.name));
  let search = highest + 1;
  const next = (isFree: (id: number) => boolean): number => {
    for (search -= 1; search > 0; search -= 1) if (isInRange(search) && isFree(search)) return search;
    return 0;
  };

  const numbersOf = ({
    id,
  }: SysusersLine): { uid?: number | undefined; gid?: number | undefined; group?: string } => {
    if (id === undefined) return {};
    if (id.startsWith('/')) {
      const owner = ownerOf(id.slice(1));
      return owner === undefined ? {} : { uid: owner.uid, gid: owner.gid };
    }
    const [first = '', second] = id.split(':');
    const uid = /^\d+$/.test(first) ? Number(first) : undefined;
    if (second === undefined) return { uid };
    return /^\d+$/.test(second) ? { uid, gid: Number(second) } : { uid, group: second };
  };

  const addGroup = (name: string, gid: number | undefined, uid: number | undefined): number => {
    const known = groups.find((group) => group.name === name);
    if (known !== undefined) return known.gid;
    const chosen =
      gid !== undefined && isGidFree(gid, name, false)
        ? gid
        : uid !== undefined && isGidFree(uid, name, true)
          ? uid
          : next((id) => isGidFree(id, name, true));
    groups.push({ name, gid: chosen, members: [], line: `${name}:x:${chosen}` });
    return chosen;
  };

  const addUser = (line: SysusersLine): void => {
    const { name } = line;
    if (users.some((user) => user.name === name)) return;
    const { uid, gid, group } = numbersOf(line);
    const named = group === undefined ? undefined : groups.find((known) => known.name === group);
    const ownGid =
      named?.gid ?? (gid !== undefined && groupOf(gid) !== undefined ? gid : addGroup(name, gid, uid));
    const isStrict = named !== undefined || wanted.groups.has(name);
    const chosen =
      uid !== undefined && isUidFree(uid, name, !isStrict && gid === undefined)
        ? uid
        : isUidFree(ownGid, name, true)
          ? ownGid
          : next((id) => isUidFree(id, name, true));
    const shell = line.shell ?? (chosen === 0 ? '/bin/bash' : NOLOGIN);
    users.push({
      name,
      uid: chosen,
      line: [name, 'x', chosen, ownGid, line.gecos ?? '', line.home ?? '/', shell].join(':'),
    });
  };

  for (const line of wanted.groups.values()) {
    const { uid } = numbersOf(line);
    addGroup(line.name, uid, undefined);
  }
  for (const line of wanted.users.values()) addUser(line);
  for (const [name, added] of wanted.members) {
    const group = groups.find((known) => known.name === name);
    if (group === undefined) continue;
    const fresh = added.filter((member) => !group.members.includes(member));
    if (fresh.length > 0)
      group.members.splice(0, group.members.length, ...[...new Set([...group.members, ...fresh])].sort());
  }
  return {
    passwd: users.map(({ line }) => `${line}\n`).join(''),
    group: groups.map(({ line, members }) => `${line}:${members.join(',')}\n`).join(''),
  };
};
