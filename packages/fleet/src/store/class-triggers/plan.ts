import { posix } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { ClassName, ClassTrigger, SourceId, Trigger, TriggerOn, TriggerRule } from '@slipway/protocol';
import type { ReadClassFile } from '../../schema.ts';
import { closesCircle } from '../release-circle.ts';
import { repositoryOf } from './repository-of.ts';

/** What a class file names, as a trigger of the server has it. */
export const onOf = (named: ClassTrigger): TriggerOn => {
  switch (named.on) {
    case 'push':
      return { kind: 'push' };
    case 'cron':
      return { kind: 'cron', schedule: named.schedule, timeZone: named.timeZone };
    case 'upstream':
      return { kind: 'upstream', everyMinutes: named.everyMinutes };
    case 'release':
      return {
        kind: 'release',
        deviceClass: named.deviceClass,
        ...(named.channel === undefined ? {} : { channel: named.channel }),
      };
    default:
      return named satisfies never;
  }
};

/** It builds, and nothing follows. */
export const ruleOf = (named: ClassTrigger): TriggerRule => ({
  publish: false,
  ...(named.on === 'push' && named.paths !== undefined ? { paths: named.paths } : {}),
});

/** An image repository, and what holds of its class files. */
export type PlannedPlace = {
  readonly source: SourceId | null;
  /** of the source */
  readonly url: string | null;
  readonly branch: string | null;
  readonly files: readonly ReadClassFile[];
  readonly paused: readonly ClassName[];
};

const ALL_PATHS = { include: [], exclude: [] };

/** Whether a trigger that was made on the server has the class built whenever the named one would. */
const doesTheSame = (
  made: Trigger,
  named: ClassTrigger,
  deviceClass: ClassName,
  { branch, url }: Pick<PlannedPlace, 'branch' | 'url'>,
): boolean => {
  if (made.classes !== null && !made.classes.includes(deviceClass)) return false;
  const { on } = made;
  if (named.on === 'push') {
    const { branches, paths = ALL_PATHS } = made.perClass[deviceClass] ?? made.rule;
    const isBuilt =
      branches === undefined ||
      branches.some(({ match }) => match === branch || posix.matchesGlob(branch ?? '', match));
    // One that is about another repository does not listen to this one.
    const isHeard =
      on.kind === 'push' && (on.repository === undefined || on.repository === repositoryOf(url ?? ''));
    return isHeard && isBuilt && isDeepStrictEqual(paths, named.paths ?? ALL_PATHS);
  }
  if (named.on === 'upstream') return on.kind === 'upstream' && on.everyMinutes <= named.everyMinutes;
  return isDeepStrictEqual(on, onOf(named));
};

/** What becomes of a trigger that a class file names. */
export type Outcome = { readonly named: ClassTrigger } & (
  | { readonly state: 'taken'; readonly trigger: Trigger | undefined }
  | { readonly state: 'covered'; readonly by: Trigger }
  | { readonly state: 'refused'; readonly message: string }
);

export type PlacePlan = {
  readonly classes: readonly { readonly file: ReadClassFile; readonly outcomes: readonly Outcome[] }[];
  /** no class file names them any more */
  readonly leaving: readonly Trigger[];
  /** classes whose triggers come paused: one of them is, or was when it went */
  readonly paused: readonly ClassName[];
};

export const isAs = (trigger: Trigger, named: ClassTrigger): boolean =>
  isDeepStrictEqual(trigger.on, onOf(named)) && isDeepStrictEqual(trigger.rule, ruleOf(named));

/** An equal one first; then one of the same kind, which was edited in the file and stays what it is otherwise. */
const take = (own: Trigger[], fits: (trigger: Trigger) => boolean): Trigger | undefined => {
  const index = own.findIndex(fits);
  return index === -1 ? undefined : own.splice(index, 1)[0];
};

export const pausedOf = (triggers: readonly Trigger[]): ClassName[] =>
  triggers.filter(({ enabled }) => !enabled).flatMap(({ classes }) => classes ?? []);

/**
 * Which triggers there are to be for what holds of class files.
 *
 * @param all triggers of the server
 */
export const planPlace = (place: PlannedPlace, all: readonly Trigger[]): PlacePlan => {
  const here = all.filter(({ source }) => source === place.source);
  const made = here.filter(({ classFile }) => classFile === null);
  const own = here.filter(({ classFile }) => classFile !== null);
  const left = [...own];
  const links: Pick<Trigger, 'on' | 'classes'>[] = all.filter((trigger) => !own.includes(trigger));

  const whyNot = (named: ClassTrigger, deviceClass: ClassName): Outcome | undefined => {
    if (named.on === 'push' && place.source === null)
      return {
        named,
        state: 'refused',
        message:
          'nobody pushes to the image repository of the server: keep it in git, as a source, or say cron or upstream',
      };
    const elsewhere = all.find(
      ({ source, classFile, classes }) =>
        classFile !== null && source !== place.source && classes?.includes(deviceClass) === true,
    );
    if (elsewhere !== undefined)
      return {
        named,
        state: 'refused',
        message: `trigger ${elsewhere.name} of ${elsewhere.classFile ?? ''} in another image repository is of ${deviceClass}: a class has triggers from one`,
      };
    const by = made.find((trigger) => doesTheSame(trigger, named, deviceClass, place));
    if (by !== undefined) return { named, state: 'covered', by };
    const link = { on: onOf(named), classes: [deviceClass] };
    if (closesCircle(link, links))
      return {
        named,
        state: 'refused',
        message: `a release of ${deviceClass} would at last build ${deviceClass} again, without end`,
      };
    links.push(link);
    return undefined;
  };

  const classes = place.files.map((file) => {
    const { deviceClass, inForce } = file;
    if (deviceClass === null) return { file, outcomes: [] };
    const excluded = inForce.map((named) => whyNot(named, deviceClass));
    const ofClass = ({ classes: names }: Trigger): boolean => names?.includes(deviceClass) === true;
    const equal = inForce.map((named, index) =>
      excluded[index] === undefined
        ? take(left, (trigger) => ofClass(trigger) && isAs(trigger, named))
        : undefined,
    );
    const outcomes = inForce.map(
      (named, index): Outcome =>
        excluded[index] ?? {
          named,
          state: 'taken',
          trigger: equal[index] ?? take(left, (trigger) => ofClass(trigger) && trigger.on.kind === named.on),
        },
    );
    return { file, outcomes };
  });
  return { classes, leaving: left, paused: [...new Set([...place.paused, ...pausedOf(own)])] };
};

/** Whether everything is as planned already. */
export const isSettled = ({ classes, leaving }: PlacePlan): boolean =>
  leaving.length === 0 &&
  classes.every(({ file, outcomes }) =>
    outcomes.every(
      (outcome) =>
        outcome.state !== 'taken' ||
        (outcome.trigger !== undefined &&
          outcome.trigger.classFile === file.file &&
          isAs(outcome.trigger, outcome.named)),
    ),
  );
