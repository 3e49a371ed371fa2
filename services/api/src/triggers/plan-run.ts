import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memoryOf, type Database, type RunEnd, type TriggerMemory, type TriggerRunRow } from '@slipway/fleet';
import { LOCK_FILE, lockKey, parseLock } from '@slipway/lock';
import type {
  BuildTrigger,
  ClassName,
  CommitId,
  Digest,
  Source,
  Trigger,
  TriggerRule,
} from '@slipway/protocol';
import type { ArtifactStore } from '../artifact-store.ts';
import { openImageRepository, type ImageRepository } from '../image-repository.ts';
import type { Sources } from '../sources.ts';
import { branchRule, filesThatCount, imagesThatMatch, inputsOfClass } from './class-inputs.ts';
import { digestOfLock, lockText, refreshLock } from './refresh-lock.ts';

export type PlanNeeds = {
  readonly db: Database;
  readonly images: ImageRepository;
  readonly sources: Sources;
  readonly store: ArtifactStore;
  readonly cacheDir: string;
  readonly signal: AbortSignal;
};

/** An image repository to work in: what is written there is seen by nobody else. */
type Tree = AsyncDisposable & {
  readonly directory: string;
  readonly images: ImageRepository;
  readonly at?: { readonly source: Source; readonly branch: string; readonly commit: CommitId };
};

const openTree = async (needs: PlanNeeds, trigger: Trigger, branch: string | undefined): Promise<Tree> => {
  if (trigger.source !== null) {
    const {
      images,
      source,
      branch: of,
      commit,
      ...rest
    } = await needs.sources.checkOut(trigger.source, branch);
    return { ...rest, directory: images.directory, images, at: { source, branch: of, commit } };
  }
  const copy = needs.store.sourcePath(await needs.store.storeSource(needs.images.directory));
  const place = await mkdtemp(join(tmpdir(), 'slipway-tree-'));
  const directory = join(place, 'tree');
  await cp(copy, directory, { recursive: true, verbatimSymlinks: true });
  return {
    directory,
    images: openImageRepository(directory),
    [Symbol.asyncDispose]: () => rm(place, { recursive: true, force: true }),
  };
};

/** Of what a class is to be built, or why it is not. */
type Decision =
  | {
      readonly inputs: Readonly<Record<string, string>>;
      readonly facts?: Record<string, unknown>;
      readonly channel?: RunEnd['builds'][number]['channel'];
    }
  | { readonly skip: string };

const textOf = (facts: Record<string, unknown>, name: string): string | undefined => {
  const value = facts[name];
  return typeof value === 'string' ? value : undefined;
};

const SHOWN_CHANGES = 20;
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
  await using tree = await openTree(needs, trigger, textOf(facts, 'branch'));
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
  /** What a class was built by last, as long as the lock in the repository is the same. */
  const lockOf = (name: ClassName): string => {
    const kept = memory.locks?.[name];
    return kept?.from === from ? kept.text : unlocked;
  };
  const locks: Record<string, { from: string; text: string }> = {};

  const decide = async (name: ClassName, rule: TriggerRule): Promise<Decision> => {
    const snapshot = await images.snapshot(name);
    const inputs = inputsOfClass(snapshot);
    const where = { tree: tree.directory, cacheDir: needs.cacheDir, signal: needs.signal };
    const of = { spec: inputs.spec, arch: snapshot.arch };
    const { on } = trigger;
    if (run.cause.kind === 'manual') return { inputs: {} };
    if (on.kind === 'push') {
      const entry = at === undefined ? undefined : branchRule(rule, at.branch, at.source.branch);
      if (entry === undefined) return { skip: `branch ${at?.branch ?? ''} is not built` };
      const files = filesThatCount(changed, inputs, rule);
      if (files?.length === 0)
        return { skip: `none of its files is among the ${changed?.length ?? 0} that changed` };
      const shown = files === undefined ? {} : { files: files.slice(0, SHOWN_CHANGES) };
      return { inputs: {}, facts: shown, channel: entry.channel };
    }
    if (on.kind === 'registry') {
      const [image = '', digest = ''] = [textOf(facts, 'image'), textOf(facts, 'digest')];
      const matched = imagesThatMatch(image, inputs, on.images);
      if (matched.length === 0) return { skip: `it does not use ${image}` };
      const place = { baseDir: tree.directory, lockDir: tree.directory };
      const keys = new Set(matched.map((reference) => lockKey(reference, place)));
      const known = unlocked === '' ? {} : parseLock(unlocked, LOCK_FILE).images;
      if (![...keys].some((key) => known[key] !== undefined)) return { inputs: { [image]: digest } };
      // Images that were pushed before stay as they are.
      const { text, changes = [] } = await refreshLock(of, where, lockOf(name), keys);
      locks[name] = { from, text };
      return changes.length === 0
        ? { skip: `its lock has what ${image} stands for already` }
        : { inputs: {}, facts: { changes: changes.slice(0, SHOWN_CHANGES) } };
    }
    if (on.kind === 'upstream') {
      const { text, changes } = await refreshLock(of, where, lockOf(name), 'all');
      locks[name] = { from, text };
      if (changes === undefined)
        return { skip: 'looked at for the first time; the next look has something to compare' };
      if (changes.length === 0) return { skip: 'nothing it is made of has changed' };
      return { inputs: {}, facts: { changes: changes.slice(0, SHOWN_CHANGES), changed: changes.length } };
    }
    if (on.kind === 'release')
      return { inputs: { [`release:${on.deviceClass}`]: textOf(facts, 'release') ?? '' } };
    return { inputs: {} };
  };

  /** The tree as it lies in the store, until another lock is written into it. */
  let stored: Digest | undefined;
  const builds: RunEnd['builds'][number][] = [];
  const skipped: string[] = [];
  for (const deviceClass of names) {
    needs.signal.throwIfAborted();
    const rule = trigger.perClass[deviceClass] ?? trigger.rule;
    const decision = await decide(deviceClass, rule);
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
        cause: { ...run.cause, cause: { ...facts, ...known, trigger: trigger.name, ...decision.facts } },
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
