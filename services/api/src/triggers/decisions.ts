import type { RunEnd } from '@slipway/fleet';
import type { LockChange } from '@slipway/lock';
import type { BuildTrigger, TriggerOn, TriggerRule } from '@slipway/protocol';
import { branchRule, filesThatCount, imagesThatMatch, type ClassInputs } from './class-inputs.ts';

/** Of what a class is to be built, or why it is not. */
export type Decision =
  | {
      readonly inputs: Readonly<Record<string, string>>;
      readonly facts?: Record<string, unknown>;
      readonly channel?: RunEnd['builds'][number]['channel'];
    }
  | { readonly skip: string };

/** What is known of a class when it is decided whether it is built. */
export type Look = {
  /** what set the trigger off told so */
  readonly facts: Readonly<Record<string, unknown>>;
  readonly rule: TriggerRule;
  readonly inputs: ClassInputs;
  /** of the source, if there is one */
  readonly branch?: { readonly name: string; readonly usual: string } | undefined;
  /** files of a push; undefined: it is not known what changed */
  readonly changed?: readonly string[] | undefined;
  /** of these images, in their canonical form, those that its lock pins, as it names them */
  readonly pinned: (images: readonly string[]) => ReadonlySet<string>;
  /**
   * Has its build take what these images, or all tags and package sets, stand for now.
   *
   * @returns what is new for the trigger; undefined: it has never looked before
   */
  readonly refresh: (update: 'all' | ReadonlySet<string>) => Promise<readonly LockChange[] | undefined>;
};

type Decide<On> = (on: On, look: Look) => Decision | Promise<Decision>;
type OfKind<Kind extends TriggerOn['kind']> = Decide<Extract<TriggerOn, { kind: Kind }>>;

const SHOWN_CHANGES = 20;

export const textOf = (facts: Readonly<Record<string, unknown>>, name: string): string | undefined => {
  const value = facts[name];
  return typeof value === 'string' ? value : undefined;
};

const always: Decide<unknown> = () => ({ inputs: {} });

const onPush: OfKind<'push'> = (_on, { rule, branch, inputs, changed }) => {
  const entry = branch === undefined ? undefined : branchRule(rule, branch.name, branch.usual);
  if (entry === undefined) return { skip: `branch ${branch?.name ?? ''} is not built` };
  const files = filesThatCount(changed, inputs, rule);
  if (files?.length === 0)
    return { skip: `none of its files is among the ${changed?.length ?? 0} that changed` };
  const shown = files === undefined ? {} : { files: files.slice(0, SHOWN_CHANGES) };
  return { inputs: {}, facts: shown, channel: entry.channel };
};

const onRegistry: OfKind<'registry'> = async ({ images }, { facts, inputs, pinned, refresh }) => {
  const [image = '', digest = ''] = [textOf(facts, 'image'), textOf(facts, 'digest')];
  const matched = imagesThatMatch(image, inputs, images);
  if (matched.length === 0) return { skip: `it does not use ${image}` };
  const keys = pinned(matched);
  if (keys.size === 0) return { inputs: { [image]: digest } };
  const changes = (await refresh(keys)) ?? [];
  // What an upstream trigger found meanwhile is not of this push.
  const own = changes.filter(({ kind, name }) => kind === 'image' && keys.has(name));
  return own.length === 0
    ? { skip: `its lock has what ${image} stands for already` }
    : { inputs: {}, facts: { changes: own.slice(0, SHOWN_CHANGES) } };
};

const onUpstream: OfKind<'upstream'> = async (_on, { refresh }) => {
  const changes = await refresh('all');
  if (changes === undefined)
    return { skip: 'looked at for the first time; the next look has something to compare' };
  if (changes.length === 0) return { skip: 'nothing it is made of has changed' };
  return { inputs: {}, facts: { changes: changes.slice(0, SHOWN_CHANGES), changed: changes.length } };
};

const onRelease: OfKind<'release'> = ({ deviceClass }, { facts }) => ({
  inputs: { [`release:${deviceClass}`]: textOf(facts, 'release') ?? '' },
});

/** Whether a class is built; by hand every kind builds its classes whatever changed. */
export const decide = async (on: TriggerOn, cause: BuildTrigger['kind'], look: Look): Promise<Decision> => {
  if (cause === 'manual') return always(on, look);
  switch (on.kind) {
    case 'push':
      return onPush(on, look);
    case 'registry':
      return onRegistry(on, look);
    case 'upstream':
      return onUpstream(on, look);
    case 'release':
      return onRelease(on, look);
    case 'cron':
      return always(on, look);
    default:
      return on satisfies never;
  }
};
