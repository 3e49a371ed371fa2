import {
  locksOfSource,
  memoryOf,
  type Database,
  type RunEnd,
  type TriggerMemory,
  type TriggerRunRow,
} from '@slipway/fleet';
import { LOCK_FILE, lockKey, parseLock } from '@slipway/lock';
import type { BuildTrigger, ClassName, Digest, Trigger, TriggerRule } from '@slipway/protocol';
import type { ArtifactStore } from '../artifact-store.ts';
import type { ImageRepository } from '../image-repository.ts';
import type { Sources } from '../sources.ts';
import { inputsOfClass } from './class-inputs.ts';
import { decide, textOf, type Decision } from './decisions.ts';
import { openImageTree } from './image-tree.ts';
import { knownLocks } from './known-locks.ts';
import { digestOfLock, lockText, refreshLock } from './refresh-lock.ts';

export type PlanNeeds = {
  readonly db: Database;
  readonly images: ImageRepository;
  readonly sources: Sources;
  readonly store: ArtifactStore;
  readonly cacheDir: string;
  readonly signal: AbortSignal;
};

const PRIORITIES: Readonly<Record<BuildTrigger['kind'], 'low' | 'normal' | 'high'>> = {
  manual: 'high',
  webhook: 'normal',
  registry: 'normal',
  release: 'normal',
  upstream: 'low',
  schedule: 'low',
};

/**
 * What a run comes to: looks at its image repository and says which classes are built from what. Doing it again does no
 * harm; what counts is written by `endRun`.
 *
 * @throws {SlipwayError} of sources, specs and locks
 */
export const planRun = async (needs: PlanNeeds, trigger: Trigger, run: TriggerRunRow): Promise<RunEnd> => {
  const facts = run.cause.cause;
  await using tree = await openImageTree(needs, trigger, textOf(facts, 'branch'));
  const { images, at } = tree;
  const names = run.classes ?? trigger.classes ?? (await images.list()).map(({ name }) => name);
  const memory = await memoryOf(needs.db, trigger.id);
  const isPush = trigger.on.kind === 'push' && run.cause.kind === 'webhook' && at !== undefined;
  const base = isPush ? (memory.commits?.[at.branch] ?? baseOf(facts)) : undefined;
  if (isPush && base === at.commit)
    return { state: 'ignored', message: `commit ${at.commit.slice(0, 12)} was looked at before`, builds: [] };
  const changed =
    isPush && base !== undefined ? await needs.sources.changed(at.source.id, base, at.commit) : undefined;
  const unlocked = await lockText(tree.directory);
  const from = digestOfLock(unlocked);
  const before = await locksOfSource(needs.db, trigger.source);
  const locks: Record<string, { from: string; text: string; at: string }> = {};

  const look = async (name: ClassName, rule: TriggerRule): Promise<Decision> => {
    const snapshot = await images.snapshot(name);
    const inputs = inputsOfClass(snapshot);
    const known = knownLocks(before, trigger, name, from);
    const newest = known.newest ?? unlocked;
    const place = { baseDir: tree.directory, lockDir: tree.directory };
    return decide(trigger.on, run.cause.kind, {
      facts,
      rule,
      inputs,
      branch: at === undefined ? undefined : { name: at.branch, usual: at.source.branch },
      changed,
      pinned: (references) => {
        const { images: pins } = newest === '' ? { images: {} } : parseLock(newest, LOCK_FILE);
        const keys = references.map((reference) => lockKey(reference, place));
        return new Set(keys.some((key) => Object.hasOwn(pins, key)) ? keys : []);
      },
      refresh: async (update) => {
        const where = { tree: tree.directory, cacheDir: needs.cacheDir, signal: needs.signal };
        const of = { spec: inputs.spec, arch: snapshot.arch };
        const made = await refreshLock(of, where, { newest, seen: known.seen ?? unlocked }, update);
        locks[name] = { from, text: made.text, at: new Date().toISOString() };
        return made.changes;
      },
    });
  };

  const by = {
    trigger: trigger.name,
    ...(trigger.classFile === null ? {} : { classFile: trigger.classFile }),
  };

  /** The tree as it lies in the store, until another lock is written into it. */
  let stored: Digest | undefined;
  const builds: RunEnd['builds'][number][] = [];
  const skipped: string[] = [];
  for (const deviceClass of names) {
    needs.signal.throwIfAborted();
    const rule = trigger.perClass[deviceClass] ?? trigger.rule;
    const decision = await look(deviceClass, rule);
    if (locks[deviceClass] !== undefined) stored = undefined;
    if ('skip' in decision) {
      skipped.push(`${deviceClass}: ${decision.skip}`);
      continue;
    }
    stored ??= await needs.store.storeSource(tree.directory);
    const known = at === undefined ? {} : { source: at.source.name, branch: at.branch, commit: at.commit };
    builds.push({
      deviceClass,
      channel: decision.channel ?? rule.channel ?? null,
      plan: {
        cause: { ...run.cause, cause: { ...facts, ...known, ...by, ...decision.facts } },
        source: stored,
        inputs: decision.inputs,
        priority: PRIORITIES[run.cause.kind],
        publish: rule.publish,
        rollout: rule.rollout,
        maxBuilds: trigger.maxBuilds,
      },
    });
  }
  const remembered: TriggerMemory = {
    ...(isPush ? { commits: { [at.branch]: at.commit } } : {}),
    ...(Object.keys(locks).length === 0 ? {} : { locks }),
  };
  const message = [
    ...(builds.length === 0 ? [] : [`builds ${builds.map(({ deviceClass }) => deviceClass).join(', ')}`]),
    ...skipped,
  ].join('; ');
  return {
    state: builds.length === 0 ? 'ignored' : 'done',
    message: message.slice(0, 2000),
    builds,
    memory: remembered,
  };
};

const baseOf = (facts: Record<string, unknown>): string | undefined => {
  const before = textOf(facts, 'before');
  return before === undefined || /^0+$/.test(before) ? undefined : before;
};
