import { ClassName, SourceId, TriggerId, type ClassTrigger, type Trigger } from '@slipway/protocol';
import { expect, test } from 'vitest';
import { isSettled, onOf, planPlace, ruleOf } from './plan.ts';

const url = 'https://git.example/acme/images.git';
const source = SourceId.parse('src_0000000000000000');
const [a, b] = [ClassName.parse('a'), ClassName.parse('b')];
const at = new Date(0).toISOString();
let number = 0;
const trigger = (over: Partial<Trigger>): Trigger => ({
  id: TriggerId.parse(`trg_${String(number++).padStart(16, '0')}`),
  name: `t-${number}`,
  enabled: true,
  source,
  classes: [a],
  on: { kind: 'push' },
  rule: { publish: false },
  perClass: {},
  windowSeconds: 0,
  maxBuilds: 2,
  classFile: null,
  hook: null,
  nextAt: null,
  createdAt: at,
  updatedAt: at,
  ...over,
});
const ofFile = (named: ClassTrigger, over: Partial<Trigger> = {}): Trigger =>
  trigger({ classFile: 'classes/a.yml', on: onOf(named), rule: ruleOf(named), ...over });
const fileOf = (...inForce: ClassTrigger[]) => ({
  file: 'classes/a.yml',
  deviceClass: a,
  named: inForce,
  inForce,
  fault: null,
});
const plan = (
  inForce: ClassTrigger[],
  all: Trigger[],
  where: { readonly source: SourceId | null; readonly paused?: readonly ClassName[] } = { source },
) => planPlace({ branch: 'main', url, paused: [], files: [fileOf(...inForce)], ...where }, all);
const statesOf = (inForce: ClassTrigger[], all: Trigger[]): string[] =>
  plan(inForce, all).classes.flatMap(({ outcomes }) => outcomes.map(({ state }) => state));

const push: ClassTrigger = { on: 'push' };
const docs: ClassTrigger = { on: 'push', paths: { include: ['docs/**'], exclude: [] } };
const monday: ClassTrigger = { on: 'cron', schedule: '0 3 * * 1', timeZone: 'UTC' };
const friday: ClassTrigger = { on: 'cron', schedule: '0 3 * * 5', timeZone: 'UTC' };
const upstream: ClassTrigger = { on: 'upstream', everyMinutes: 60 };
const ofB: ClassTrigger = { on: 'release', deviceClass: b };

test('what is there already stays, what was edited becomes what it is, the rest comes and goes', () => {
  const [first, second, gone] = [ofFile(monday), ofFile(friday), ofFile(push)];
  const settled = plan([friday, monday, push], [first, second, gone]);
  expect(isSettled(settled)).toBe(true);
  // In another order each is itself; an edited one takes the one of its kind that is left.
  const daily: ClassTrigger = { ...monday, schedule: '0 3 * * *' };
  const { classes, leaving } = plan([daily, friday, upstream], [first, second, gone]);
  expect(classes[0]?.outcomes).toEqual([
    { named: daily, state: 'taken', trigger: first },
    { named: friday, state: 'taken', trigger: second },
    { named: upstream, state: 'taken', trigger: undefined },
  ]);
  expect(leaving).toEqual([gone]);
  expect(isSettled(plan([push], []))).toBe(false);
  expect(isSettled(plan([push], [ofFile(push, { classFile: 'classes/old.yml' })]))).toBe(false);
});

test('triggers of other places and classes are left alone', () => {
  const others = [
    ofFile(monday, { source: null, classes: [b] }),
    trigger({ on: onOf(monday), classes: [b] }),
    trigger({ on: onOf(monday), source: SourceId.parse('src_1111111111111111') }),
  ];
  const { classes, leaving } = plan([monday], others);
  expect(classes[0]?.outcomes).toMatchObject([{ state: 'taken', trigger: undefined }]);
  expect(leaving).toEqual([]);
});

const forge = { kind: 'push', forge: 'github' } as const;
test.each<[string, ClassTrigger, Partial<Trigger>, string]>([
  ['a push', push, { on: forge }, 'covered'],
  [
    'a push for every class, of its branch by a glob',
    push,
    { on: forge, classes: null, rule: { publish: true, branches: [{ match: 'm*' }] } },
    'covered',
  ],
  ['a disabled one', push, { on: forge, enabled: false }, 'covered'],
  [
    'a push to other branches',
    push,
    { on: forge, rule: { publish: true, branches: [{ match: 'next/*' }] } },
    'taken',
  ],
  [
    'a push to other branches for this class',
    push,
    { on: forge, perClass: { [a]: { publish: true, branches: [{ match: 'next/*' }] } } },
    'taken',
  ],
  ['a push to this repository', push, { on: { ...forge, repository: 'acme/images' } }, 'covered'],
  ['a push to another repository', push, { on: { ...forge, repository: 'acme/tools' } }, 'taken'],
  ['a push with other files', docs, { on: forge }, 'taken'],
  ['a push of another class', push, { on: forge, classes: [b] }, 'taken'],
  ['the same time', monday, { on: onOf(monday) }, 'covered'],
  [
    'another time zone',
    monday,
    { on: { kind: 'cron', schedule: '0 3 * * 1', timeZone: 'Asia/Tokyo' } },
    'taken',
  ],
  ['looks as often', upstream, { on: { kind: 'upstream', everyMinutes: 30 } }, 'covered'],
  ['looks less often', upstream, { on: { kind: 'upstream', everyMinutes: 90 } }, 'taken'],
  ['releases of the same class', ofB, { on: { kind: 'release', deviceClass: b } }, 'covered'],
])('beside %s of the server', (_what, named, made, state) => {
  expect(statesOf([named], [trigger(made)])).toEqual([state]);
});

test('a class has triggers from one image repository: from that which had them first', () => {
  const [own, other] = [ofFile(monday), ofFile(friday, { source: null })];
  expect(statesOf([monday], [other])).toEqual(['refused']);
  // Where both have them, each is refused what the other has, until that has gone.
  expect(plan([monday], [own, other]).leaving).toEqual([own]);
  expect(statesOf([monday], [own])).toEqual(['taken']);
});

test('what comes for a class of which a trigger is paused, or was when it went, comes paused', () => {
  const paused = ofFile(monday, { enabled: false });
  expect(plan([monday, upstream], [paused])).toMatchObject({ paused: [a], leaving: [] });
  expect(plan([upstream], [paused])).toMatchObject({ paused: [a], leaving: [paused] });
  expect(plan([monday], [], { source, paused: [a] }).paused).toEqual([a]);
  expect(plan([upstream], [ofFile(monday), trigger({ enabled: false })]).paused).toEqual([]);
});

test('releases do not go round in a circle, nor are there pushes where nobody pushes', () => {
  expect(statesOf([ofB], [trigger({ on: { kind: 'release', deviceClass: a }, classes: [b] })])).toEqual([
    'refused',
  ]);
  expect(statesOf([ofB], [trigger({ on: { kind: 'release', deviceClass: b }, classes: [b] })])).toEqual([
    'taken',
  ]);
  const { classes } = plan([push, monday], [], { source: null });
  expect(classes[0]?.outcomes.map(({ state }) => state)).toEqual(['refused', 'taken']);
});
