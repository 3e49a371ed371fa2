import type { WholeChainArch } from '@slipway/protocol';
import { SECTOR } from '../../block/overlay-disk.ts';
import type { WriteLog } from '../../block/write-log.ts';
import { DESIRED, STATUS } from '../record/record.ts';
import type { ScenarioName } from '../record/scenario.ts';
import { unflushed, type Cut } from './cut.ts';
import { random } from './random.ts';

export type Case = {
  /** names everything about it: `amd64-commit-p1234`, `…-t1234.8` (8 sectors), `…-l1234.1` (seed 1) */
  readonly id: string;
  readonly arch: WholeChainArch;
  readonly scenario: ScenarioName;
  readonly cut: Cut;
  /** last state of the update that the server had seen */
  readonly phase: string;
};

type Name = Pick<Case, 'arch' | 'scenario'>;

export const idOf = ({ arch, scenario }: Name, cut: Cut): string => {
  const detail =
    cut.kind === 'prefix'
      ? `p${cut.boundary}`
      : cut.kind === 'torn'
        ? `t${cut.boundary}.${cut.sectors}`
        : `l${cut.boundary}.${cut.seed}`;
  return `${arch}-${scenario}-${detail}`;
};

/** @returns undefined for what is no id of a case */
export const parseId = (id: string): (Name & { readonly cut: Cut }) | undefined => {
  const match = /^(amd64|arm64)-(commit|rollback)-([ptl])(\d+)(?:\.(\d+))?$/.exec(id);
  if (match === null) return undefined;
  const [, arch, scenario, kind, at, detail] = match;
  const name = {
    arch: arch === 'arm64' ? 'arm64' : 'amd64',
    scenario: scenario === 'rollback' ? 'rollback' : 'commit',
  } as const;
  const boundary = Number(at);
  if (kind === 'p') return detail === undefined ? { ...name, cut: { kind: 'prefix', boundary } } : undefined;
  if (detail === undefined) return undefined;
  return kind === 't'
    ? { ...name, cut: { kind: 'torn', boundary, sectors: Number(detail) } }
    : { ...name, cut: { kind: 'lost', boundary, seed: Number(detail) } };
};

const stateOf = (detail: unknown): string =>
  typeof detail === 'object' && detail !== null && 'state' in detail ? String(detail.state) : 'none';

/**
 * Every case of a recording: the power goes before and after each write and flush from the moment on at which the
 * device learns of the update; each write of several sectors is torn at its first sector and at another; and wherever
 * writes of the disk are not flushed, some of them are lost.
 */
export const casesOf = (name: Name, log: WriteLog, seed: number): Case[] => {
  const from = log.findIndex((entry) => entry.kind === 'mark' && entry.what === DESIRED);
  const cases: Case[] = [];
  let phase = 'none';
  const add = (cut: Cut): void => {
    cases.push({ ...name, id: idOf(name, cut), cut, phase });
  };
  for (let boundary = from + 1; boundary <= log.length; boundary++) {
    const last = log[boundary - 1];
    const next = log[boundary];
    if (last?.kind === 'mark' && last.what === STATUS) phase = stateOf(last.detail);
    // A mark is nothing that the power could come before.
    if (next?.kind === 'mark') continue;
    add({ kind: 'prefix', boundary });
    const chance = random(seed * 7_919 + boundary);
    if (next?.kind === 'write') {
      const sectors = next.bytes.length / SECTOR;
      const torn = new Set([1, 1 + Math.floor(chance() * (sectors - 1))]);
      for (const part of torn) if (part < sectors) add({ kind: 'torn', boundary, sectors: part });
    }
    const isOfDisk = next === undefined || next.kind === 'flush' || next.device === 'disk';
    if (isOfDisk && unflushed(log, boundary).length > 0) add({ kind: 'lost', boundary, seed });
  }
  return cases;
};

/**
 * Takes some of many so that every kind of them is there: from each group in turn, by chance within it.
 *
 * @param groupOf cases of one group are alike
 */
export const pickEvenly = <T>(
  items: readonly T[],
  count: number,
  seed: number,
  groupOf: (item: T) => string,
): T[] => {
  if (items.length <= count) return [...items];
  const chance = random(seed);
  const groups = new Map<string, { readonly item: T; readonly at: number }[]>();
  for (const item of items) {
    const group = groups.get(groupOf(item)) ?? [];
    group.push({ item, at: chance() });
    groups.set(groupOf(item), group);
  }
  const rows = [...groups.values()].map((group) => group.sort((a, b) => b.at - a.at));
  const picked: T[] = [];
  while (picked.length < count)
    for (const row of rows) {
      const taken = row.pop();
      if (taken !== undefined && picked.length < count) picked.push(taken.item);
    }
  return picked;
};
