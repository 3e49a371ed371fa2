import { isTimeZone, LEAST_MINUTES_BETWEEN, messageOf, type ClassTrigger } from '@slipway/protocol';
import type { SpecDocument } from './document.ts';
import { problemAt, type Problem } from './problems.ts';
import { leastMinutesBetween, nextOfSchedule } from './schedule.ts';

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const TO_PUBLISH = 'what follows a build is decided on the server: make a trigger there for it';
const TO_AUTHENTICATE = 'credentials and hooks are of the server: make a trigger there for it';

/** Keys of triggers that are made on a server, with why a class file has none of them. */
const OF_THE_SERVER: Readonly<Record<string, string>> = {
  publish: TO_PUBLISH,
  channel: TO_PUBLISH,
  rollout: TO_PUBLISH,
  rule: TO_PUBLISH,
  secret: TO_AUTHENTICATE,
  forge: TO_AUTHENTICATE,
  sender: TO_AUTHENTICATE,
  repository: TO_AUTHENTICATE,
  images: TO_AUTHENTICATE,
  branches: 'a class file speaks for the branch that it is on, which is the one that the source names',
  branch: 'a class file speaks for the branch that it is on, which is the one that the source names',
  classes: 'a class file speaks for its own class',
  maxBuilds: 'how much is built at once is decided on the server',
};

const OF_ANOTHER_NAME: Readonly<Record<string, string>> = {
  registry:
    'notices of a registry need a secret, which is of the server: make a trigger there, or say upstream, which looks by itself',
  schedule: 'say cron, with the schedule',
  packages: 'say upstream, which looks at tags and package sets',
  image: 'say upstream, which looks at tags and package sets',
};

/** What stands in triggers of a class file and is decided on the server: a plain word about it is better than an unknown key. */
export const serverOnly = (doc: SpecDocument): Problem[] => {
  const triggers = isRecord(doc.value) ? doc.value['triggers'] : undefined;
  if (!Array.isArray(triggers)) return [];
  return triggers.flatMap((trigger: unknown, index): Problem[] => {
    if (!isRecord(trigger)) return [];
    const at = ['triggers', index];
    const { on } = trigger;
    const meant = typeof on === 'string' ? OF_ANOTHER_NAME[on] : undefined;
    if (meant !== undefined) return [problemAt(doc, [...at, 'on'], meant)];
    return Object.keys(trigger).flatMap((key) => {
      const why = OF_THE_SERVER[key];
      if (why === undefined || (key === 'channel' && on === 'release')) return [];
      return [{ ...problemAt(doc, [...at, key], why), ...doc.positionOfKey(at, key) }];
    });
  });
};

const scheduleProblem = (schedule: string, timeZone: string): string | undefined => {
  try {
    nextOfSchedule(schedule, timeZone, new Date());
    const least = leastMinutesBetween(schedule);
    return least >= LEAST_MINUTES_BETWEEN
      ? undefined
      : `expected times that are at least ${LEAST_MINUTES_BETWEEN} minutes apart, found ${least}`;
  } catch (error) {
    return messageOf(error);
  }
};

/** Times that there are not, and triggers that are there twice. */
export const checkTriggers = (
  doc: SpecDocument,
  triggers: readonly ClassTrigger[],
  name: string,
): Problem[] => {
  const seen = new Map<string, number>();
  return triggers.flatMap((trigger, index): Problem[] => {
    const at = ['triggers', index];
    const text = JSON.stringify(trigger);
    const earlier = seen.get(text);
    if (earlier !== undefined)
      return [problemAt(doc, at, `is triggers[${earlier}] once more: leave one out`)];
    seen.set(text, index);
    if (trigger.on === 'release' && trigger.deviceClass === name)
      return [
        problemAt(
          doc,
          [...at, 'deviceClass'],
          'expected another class: this one would build itself without end',
        ),
      ];
    if (trigger.on !== 'cron') return [];
    const { schedule, timeZone } = trigger;
    if (!isTimeZone(timeZone))
      return [
        problemAt(doc, [...at, 'timeZone'], `expected a time zone such as Europe/Berlin, found ${timeZone}`),
      ];
    const problem = scheduleProblem(schedule, timeZone);
    return problem === undefined ? [] : [problemAt(doc, [...at, 'schedule'], problem)];
  });
};
