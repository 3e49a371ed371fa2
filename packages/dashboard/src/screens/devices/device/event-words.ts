import { isTerminal, type CommandRequest, type DeviceEvent } from '@slipway/protocol';
import type { Tone } from '../../../parts/states.ts';
import { toneOfState } from '../../../parts/states.ts';

export type EventWords = {
  readonly title: string;
  readonly tone: Tone;
  /** in short, what it was about or why it ended */
  readonly about?: string;
  /** milliseconds that it took or lasted; absent: it was over at once */
  readonly ms?: number;
};

const ASKED: Readonly<Record<CommandRequest['name'], string>> = {
  reboot: 'Asked to restart',
  rebirth: 'Asked to say anew what it is',
  identify: 'Asked to show itself',
  collect: 'Asked for logs',
  rollback: 'Asked to go back a release',
  diagnose: 'Asked for a diagnostic',
};

/** What else was said with a command: `services web, db; lines 100`. */
export const askedWith = ({ name: _name, ...rest }: CommandRequest): string =>
  Object.entries(rest)
    .map(([key, value]) => `${key} ${Array.isArray(value) ? value.join(', ') : String(value)}`)
    .join('; ');

const CERTIFICATES: Readonly<Record<string, EventWords>> = {
  'device.enrol': { title: 'Enrolled, and given a certificate', tone: 'good' },
  'device.renew': { title: 'Renewed its certificate', tone: 'good' },
  'device.revoke': { title: 'Revoked', tone: 'bad' },
};

const CHANGES: Readonly<Record<string, string>> = {
  'device.accept': 'Accepted into the fleet',
  'device.reject': 'Rejected',
  'device.decommission': 'Left the fleet for good',
  'device.import': 'Registered beforehand',
  'device.unregister': 'Registration taken back',
};

const text = (value: unknown): string =>
  Array.isArray(value)
    ? value.map(text).join(', ')
    : typeof value === 'string'
      ? value
      : JSON.stringify(value);

/** `tag dock added; name Gate 7; site taken away` */
const changesIn = (details: Readonly<Record<string, unknown>>): string => {
  const { name, tags, addTags, removeTags, attributes } = details;
  const pairs = typeof attributes === 'object' && attributes !== null ? Object.entries(attributes) : [];
  return [
    ...(name === undefined ? [] : [name === null ? 'name taken away' : `name ${text(name)}`]),
    ...(tags === undefined ? [] : [`tags ${text(tags) || 'none'}`]),
    ...(addTags === undefined ? [] : [`tag ${text(addTags)} added`]),
    ...(removeTags === undefined ? [] : [`tag ${text(removeTags)} removed`]),
    ...pairs.map(([key, value]) => (value === null ? `${key} taken away` : `${key} = ${text(value)}`)),
  ].join('; ');
};

const changed = (action: string, details: Readonly<Record<string, unknown>>): EventWords => {
  if (action === 'device.change') return { title: 'Described anew', tone: 'none', about: changesIn(details) };
  if (action === 'device.class')
    return {
      title: 'Moved to another class',
      tone: 'warning',
      about: `${text(details['from'])} → ${text(details['to'])}`,
    };
  if (action === 'device.channel')
    return { title: 'Follows another channel', tone: 'none', about: text(details['channel'] ?? 'none') };
  if (action === 'device.install')
    return {
      title: 'Installed a release by hand',
      tone: toneOfState(text(details['state'])),
      about: [details['state'], details['code']].filter((one) => typeof one === 'string').join(' '),
    };
  return {
    title: CHANGES[action] ?? action,
    tone: action === 'device.reject' || action === 'device.decommission' ? 'bad' : 'none',
  };
};

const ENDED = { lost: 'the connection broke', shutdown: 'it said goodbye' } as const;

/** What happened, in words. What still goes on lasts until now. */
export const wordsOf = (event: DeviceEvent, now: number): EventWords => {
  const since = (end: string | null): number =>
    Math.max(0, (end === null ? now : Date.parse(end)) - Date.parse(event.at));
  switch (event.kind) {
    case 'update': {
      const { state, code, updatedAt } = event.execution;
      return {
        title: `Update to ${event.version ?? 'a release'}`,
        tone: toneOfState(state),
        ms: since(isTerminal(state) ? updatedAt : null),
        ...(code === null ? {} : { about: code }),
      };
    }
    case 'command': {
      const { request, state, code, finishedAt } = event.command;
      const about = [code ?? '', askedWith(request)].filter((part) => part !== '').join(' · ');
      return {
        title: ASKED[request.name],
        tone: toneOfState(state),
        ...(about === '' ? {} : { about }),
        ms: since(finishedAt),
      };
    }
    case 'presence':
      return {
        title: event.online ? 'Came online' : 'Went offline',
        tone: event.online ? 'good' : event.reason === 'lost' ? 'warning' : 'gone',
        ms: since(event.until),
        ...(event.reason === null ? {} : { about: ENDED[event.reason] }),
      };
    case 'certificate':
      return CERTIFICATES[event.action] ?? { title: event.action, tone: 'none' };
    case 'change':
      return changed(event.action, event.details);
    default:
      return event satisfies never;
  }
};

/** By the day on which they were, in the zone of `dayOf`, in the order in which they came. */
export const byDay = (
  events: readonly DeviceEvent[],
  dayOf: (at: Date) => string,
): readonly { readonly day: string; readonly events: readonly DeviceEvent[] }[] =>
  [...Map.groupBy(events, ({ at }) => dayOf(new Date(at)))].map(([day, ofDay]) => ({ day, events: ofDay }));
