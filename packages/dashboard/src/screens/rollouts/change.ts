import {
  type AssignmentPolicy,
  type MaintenanceWindow,
  type OnFailure,
  type Rollout,
  type RolloutChange,
} from '@slipway/protocol';
import { counted, span } from '../../parts/numbers.ts';
import type { Typed } from './draft.ts';
import { localOf, momentOf } from './local-moment.ts';
import { stagesOfRollout } from './stages.ts';
import { windowText } from './windows.ts';

/** What of a rollout that is under way can be changed, as it is typed. */
export type ChangeDraft = {
  readonly maxInFlight: Typed;
  readonly maxPerMinute: Typed;
  readonly offlineHours: Typed;
  readonly priority: Typed;
  readonly failureThreshold: Typed;
  readonly failurePercent: Typed;
  readonly onFailure: OnFailure;
  readonly endAt: string;
  readonly mode: 'install' | 'soft' | 'download';
  readonly windows: readonly MaintenanceWindow[];
  readonly deadline: string;
};

const HOUR_S = 3600;

export const draftOf = (rollout: Rollout): ChangeDraft => ({
  maxInFlight: rollout.maxInFlight,
  maxPerMinute: rollout.maxPerMinute ?? '',
  offlineHours:
    rollout.offlinePatienceSeconds === null || rollout.offlinePatienceSeconds === undefined
      ? ''
      : rollout.offlinePatienceSeconds / HOUR_S,
  priority: rollout.priority,
  failureThreshold: rollout.failureThreshold,
  failurePercent: rollout.failurePercent ?? '',
  onFailure: rollout.onFailure,
  endAt: localOf(rollout.endAt),
  mode: rollout.policy.mode ?? 'install',
  windows: rollout.policy.windows ?? [],
  deadline:
    rollout.policy.deadline === undefined
      ? ''
      : localOf(new Date(rollout.policy.deadline * 1000).toISOString()),
});

const orNone = (value: Typed): number | null => (value === '' ? null : value);
/** What of the limits is other than before; what was not touched is not sent, since somebody else may change it meanwhile. */
export const limitsOf = (before: ChangeDraft, after: ChangeDraft): RolloutChange => {
  const isNew = (name: keyof ChangeDraft): boolean => before[name] !== after[name];
  const { maxInFlight, priority, failureThreshold } = after;
  return {
    ...(isNew('maxInFlight') && maxInFlight !== '' ? { maxInFlight } : {}),
    ...(isNew('maxPerMinute') ? { maxPerMinute: orNone(after.maxPerMinute) } : {}),
    ...(isNew('offlineHours')
      ? {
          offlinePatienceSeconds:
            after.offlineHours === '' ? null : Math.max(1, Math.round(after.offlineHours * HOUR_S)),
        }
      : {}),
    ...(isNew('priority') && priority !== '' ? { priority } : {}),
    ...(isNew('failureThreshold') && failureThreshold !== '' ? { failureThreshold } : {}),
    ...(isNew('failurePercent') ? { failurePercent: orNone(after.failurePercent) } : {}),
    ...(isNew('onFailure') ? { onFailure: after.onFailure } : {}),
    ...(isNew('endAt') ? { endAt: momentOf(after.endAt) ?? null } : {}),
  };
};

/** The whole policy, where something of it is other than before; what cannot be typed stays. @returns undefined: it stays */
export const policyOf = (
  rollout: Pick<Rollout, 'policy'>,
  before: ChangeDraft,
  after: ChangeDraft,
): AssignmentPolicy | undefined => {
  const hasOtherWindows = JSON.stringify(before.windows) !== JSON.stringify(after.windows);
  if (before.mode === after.mode && before.deadline === after.deadline && !hasOtherWindows) return undefined;
  const { retry, deadline: kept } = rollout.policy;
  const moment = momentOf(after.deadline);
  const deadline =
    before.deadline === after.deadline
      ? kept
      : moment === undefined
        ? undefined
        : Math.floor(Date.parse(moment) / 1000);
  return {
    ...(after.mode === 'install' ? {} : { mode: after.mode }),
    ...(after.windows.length === 0 ? {} : { windows: [...after.windows] }),
    ...(deadline === undefined ? {} : { deadline }),
    ...(retry === undefined ? {} : { retry }),
  };
};

const ENDS = {
  stop: 'ends',
  pause: 'pauses',
  rollback: 'goes back: devices that committed it restart into the release before',
} as const;

export type Consequence = { readonly text: string; readonly isGrave?: boolean };

/** Failures that count for the threshold of the rollout itself; waves with one of their own have their own. */
const sharedFailures = ({ waves, failureThreshold, failurePercent }: Rollout) =>
  waves.find(({ failure }) => failure.count === failureThreshold && failure.percent === failurePercent)
    ?.failure;

const onFailures = (rollout: Rollout, before: ChangeDraft, after: ChangeDraft): Consequence[] => {
  const { failureThreshold, failurePercent, onFailure } = after;
  const isSame =
    before.failureThreshold === failureThreshold &&
    before.failurePercent === failurePercent &&
    before.onFailure === onFailure;
  if (isSame) return [];
  const { now = 0, of = 0 } = sharedFailures(rollout) ?? {};
  const isReached =
    now > 0 &&
    ((failureThreshold !== '' && now >= failureThreshold) ||
      (failurePercent !== '' && now * 100 >= failurePercent * of));
  if (isReached)
    return [
      {
        text: `${counted(now, 'device')} failed already, so it ${ENDS[onFailure]}, at once.`,
        isGrave: true,
      },
    ];
  const at = [
    ...(failureThreshold === '' ? [] : [counted(failureThreshold, 'failed device')]),
    ...(failurePercent === '' ? [] : [`${failurePercent} % failed`]),
  ].join(' or ');
  return [{ text: `At ${at} it ${ENDS[onFailure]}; ${now} failed so far.` }];
};

const onPace = (rollout: Rollout, before: ChangeDraft, after: ChangeDraft): Consequence[] => {
  const { preparing, trial } = stagesOfRollout(rollout);
  const underWay = preparing + trial;
  const { maxInFlight, maxPerMinute, offlineHours, priority } = after;
  return [
    ...(maxInFlight === '' || maxInFlight === before.maxInFlight
      ? []
      : [
          {
            text:
              underWay > maxInFlight
                ? `${counted(underWay, 'device')} are under way and go on; no other is offered it until fewer than ${maxInFlight} are.`
                : `Up to ${counted(maxInFlight, 'device')} at once; ${underWay} are under way.`,
          },
        ]),
    ...(maxPerMinute === before.maxPerMinute
      ? []
      : [
          {
            text:
              maxPerMinute === ''
                ? 'Offers are made as fast as the number at once allows.'
                : `At most ${counted(maxPerMinute, 'offer')} within a minute.`,
          },
        ]),
    ...(offlineHours === before.offlineHours
      ? []
      : [
          {
            text:
              offlineHours === ''
                ? 'Waves wait for devices that are offline as long as it takes.'
                : `Waves that began more than ${span(offlineHours * 3_600_000)} ago go on at once without the devices that are offline; who comes back is offered it after all.`,
          },
        ]),
    ...(priority === before.priority
      ? []
      : [
          {
            text: `Where another rollout wants the same device, the one above goes first: it has ${priority} of 100.`,
          },
        ]),
  ];
};

const onEnd = (rollout: Rollout, before: ChangeDraft, after: ChangeDraft, now: number): Consequence[] => {
  if (before.endAt === after.endAt) return [];
  const end = momentOf(after.endAt);
  if (end === undefined) return [{ text: 'Offers go on until every device had one.' }];
  if (Date.parse(end) <= now)
    return [{ text: 'That moment is over. Choose a later one; to end it now, abort it.', isGrave: true }];
  const { open } = stagesOfRollout(rollout);
  return [
    {
      text: `In ${span(Date.parse(end) - now)} offers end, and with the last device under way the rollout. Who was not offered it by then${open === 0 ? '' : `, now ${counted(open, 'device')},`} does not get it.`,
    },
  ];
};

const MODES = {
  install: 'install it and restart by themselves',
  soft: 'restart once somebody at the device consents',
  download: 'download it and wait for another word',
} as const;

const onPolicy = (rollout: Rollout, before: ChangeDraft, after: ChangeDraft): Consequence[] => {
  if (policyOf(rollout, before, after) === undefined) return [];
  const { open, preparing, trial } = stagesOfRollout(rollout);
  const { mode, windows } = after;
  const when = windows.length === 0 ? 'at any time' : windows.map(windowText).join('; ');
  return [
    {
      text: `${counted(open + preparing, 'device')} that have not begun their trial ${MODES[mode]}${mode === 'download' ? '' : `, ${when}, in their own time`}.`,
    },
    ...(trial === 0
      ? []
      : [{ text: `${counted(trial, 'device')} on trial finish it whatever is said here.` }]),
  ];
};

/** What would follow if it were changed now, to be read before it is. */
export const consequencesOfChange = (
  rollout: Rollout,
  before: ChangeDraft,
  after: ChangeDraft,
  now: number,
): readonly Consequence[] => [
  ...onFailures(rollout, before, after),
  ...onEnd(rollout, before, after, now),
  ...onPace(rollout, before, after),
  ...onPolicy(rollout, before, after),
];

/** What keeps it from being sent. */
export const faultOf = (draft: ChangeDraft, before: ChangeDraft, now: number): string | undefined => {
  const end = momentOf(draft.endAt);
  if (draft.endAt !== before.endAt && end !== undefined && Date.parse(end) <= now)
    return 'The end of offers lies in the past.';
  if (draft.maxInFlight === '') return 'Say how many devices may be under way at once.';
  return draft.failureThreshold === '' ? 'Say at how many failed devices it ends.' : undefined;
};
