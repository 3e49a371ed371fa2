import type { ClassTrigger, ClassTriggerMode, ClassTriggers, ClassTriggerState } from '@slipway/protocol';
import type { Tone } from '../../parts/states.ts';
import { setOffBy } from './trigger-words.ts';

export const MODES: Readonly<Record<ClassTriggerMode, string>> = {
  taken: 'are taken',
  approval: 'need approval',
  off: 'are switched off',
};

const STATES: Readonly<Record<ClassTriggerState, { readonly label: string; readonly tone: Tone }>> = {
  taken: { label: 'taken', tone: 'good' },
  covered: { label: 'done already', tone: 'gone' },
  refused: { label: 'refused', tone: 'bad' },
  waiting: { label: 'needs approval', tone: 'warning' },
  off: { label: 'off', tone: 'gone' },
};

/** What a class file names, in words. */
export const namedAs = (named: ClassTrigger): string => {
  switch (named.on) {
    case 'push':
      return setOffBy({ kind: 'push' });
    case 'cron':
      return setOffBy({ kind: 'cron', schedule: named.schedule, timeZone: named.timeZone });
    case 'upstream':
      return setOffBy({ kind: 'upstream', everyMinutes: named.everyMinutes });
    case 'release':
      return setOffBy({ kind: 'release', deviceClass: named.deviceClass, channel: named.channel });
    default:
      return named satisfies never;
  }
};

export type NamedRow = {
  readonly key: string;
  readonly file: string;
  readonly deviceClass: string;
  readonly what: string;
  readonly label: string;
  readonly tone: Tone;
  readonly why: string | null;
};

/** A class file as rows: what it names, what still holds that it names no more, and what is wrong with it. */
export const rowsOf = ({
  file,
  deviceClass,
  triggers,
  leaving,
  code,
  message,
}: ClassTriggers): NamedRow[] => {
  const of = { file, deviceClass: deviceClass ?? 'unknown' };
  return [
    ...(code === null
      ? []
      : [{ ...of, key: `${file} fault`, what: 'A fault', label: code, tone: 'bad' as const, why: message }]),
    ...triggers.map(({ on, state, message: why }, index) => ({
      ...of,
      key: `${file} ${index}`,
      what: namedAs(on),
      ...STATES[state],
      why,
    })),
    ...leaving.map((on, index) => ({
      ...of,
      key: `${file} leaving ${index}`,
      what: namedAs(on),
      label: 'removed from the file',
      tone: 'warning' as const,
      why: 'It holds until that is approved.',
    })),
  ];
};

/** Whether something waits for somebody to approve of it. */
export const needsApproval = ({ triggers, leaving, mode }: ClassTriggers): boolean =>
  mode === 'approval' && (leaving.length > 0 || triggers.some(({ state }) => state === 'waiting'));
