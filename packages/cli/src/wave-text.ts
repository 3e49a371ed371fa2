import { DeviceId, SlipwayError, suggest, type WaveCreate } from '@slipway/protocol';
import { DURATIONS, parseDuration } from './duration.ts';
import { parseCount, parsePercent, parseThreshold, THRESHOLDS } from './threshold.ts';

/** Something in the text of a wave, and where it stands. */
type Part = { readonly text: string; readonly offset: number };

const SYNTAX =
  'NAME: WHO; SETTING; …, where WHO is device=ID,ID, 10%, 25 (that many), query=QUERY or rest, and settings are ' +
  'soak=1h, failure=2% or failure=3, success=95%, in-flight=20 and approval';

const problem = (text: string, { offset, text: at }: Part, what: string): SlipwayError =>
  new SlipwayError(
    'USAGE',
    `--wave, column ${offset + 1}: ${what}\n  ${text}\n  ${' '.repeat(offset)}${'^'.repeat(Math.max(1, at.length))}`,
    { details: { column: offset + 1 } },
  );

/** Without blanks around it. */
const trimmed = ({ text, offset }: Part): Part => ({
  text: text.trim(),
  offset: offset + text.length - text.trimStart().length,
});

/** At each semicolon that no quotes are around: queries have quotes. */
const partsOf = (text: string, from: number): Part[] => {
  const parts: Part[] = [];
  let begin = from;
  let quote: string | undefined;
  for (let at = from; at < text.length; at += 1) {
    const character = text[at];
    if (quote !== undefined && character === '\\') at += 1;
    else if (character === quote) quote = undefined;
    else if (quote === undefined && (character === '"' || character === "'")) quote = character;
    else if (quote === undefined && character === ';') {
      parts.push({ text: text.slice(begin, at), offset: begin });
      begin = at + 1;
    }
  }
  return [...parts, { text: text.slice(begin), offset: begin }]
    .map(trimmed)
    .filter((part) => part.text !== '');
};

/** Before a colon, where nothing is set before: what follows may have colons of its own. */
const NAME = /^\s*([^:;=%"']*[^:;=%"'\s])\s*:/;

const asked = <T>(value: T | undefined, make: (value: T) => WaveCreate): WaveCreate | undefined =>
  value === undefined ? undefined : make(value);

const devicesOf = (text: string): DeviceId[] | undefined => {
  const ids = text.split(',').map((id) => DeviceId.safeParse(id.trim()).data);
  return ids.every((id) => id !== undefined) ? ids : undefined;
};

type Reader = {
  readonly expected: string;
  /** @returns undefined for what it cannot be */
  readonly read: (value: string) => WaveCreate | undefined;
};

const WHO = new Map<string, Reader>(
  Object.entries({
    device: {
      expected: 'ids of devices with commas between, such as device=dev-1,dev-2',
      read: (value) => asked(devicesOf(value), (devices) => ({ devices })),
    },
    percent: {
      expected: 'a share above 0 % and up to 100 %, such as 10%',
      read: (value) => asked(parsePercent(value) ?? parsePercent(`${value}%`), (percent) => ({ percent })),
    },
    count: {
      expected: 'a number of devices from 1 on',
      read: (value) => asked(parseCount(value), (count) => ({ count })),
    },
    query: {
      expected: 'a query such as query=tag = canary',
      read: (value) => asked(value === '' ? undefined : value, (query) => ({ query })),
    },
    rest: {
      expected: 'rest alone, without a value',
      read: (value) => (value === 'rest' ? {} : undefined),
    },
  } satisfies Record<string, Reader>),
);

const SETTINGS = new Map<string, Reader>(
  Object.entries({
    soak: {
      expected: DURATIONS,
      read: (value) => asked(parseDuration(value), (soakSeconds) => ({ soakSeconds })),
    },
    failure: {
      expected: THRESHOLDS,
      read: (value) => asked(parseThreshold(value), (failure) => ({ failure })),
    },
    success: {
      expected: THRESHOLDS,
      read: (value) => asked(parseThreshold(value), (success) => ({ success })),
    },
    'in-flight': {
      expected: 'a number of devices from 1 on',
      read: (value) => asked(parseCount(value), (maxInFlight) => ({ maxInFlight })),
    },
    approval: {
      expected: 'approval alone, without a value',
      read: (value) => (value === 'approval' ? { approval: true } : undefined),
    },
  } satisfies Record<string, Reader>),
);

const splitPart = (part: Part): { readonly key: string; readonly value: Part } => {
  const equals = part.text.indexOf('=');
  if (equals === -1) {
    if (/^\d.*%$/.test(part.text)) return { key: 'percent', value: part };
    return { key: /^\d/.test(part.text) ? 'count' : part.text, value: part };
  }
  const value = { text: part.text.slice(equals + 1), offset: part.offset + equals + 1 };
  return { key: part.text.slice(0, equals).trim(), value: trimmed(value) };
};

/**
 * A wave as `--wave` says it: `canary: device=dev-1,dev-2; soak=1h; approval`.
 *
 * @throws {SlipwayError} USAGE that points at the place
 */
export const parseWave = (text: string): WaveCreate => {
  const named = NAME.exec(text);
  const parts = partsOf(text, named?.[0].length ?? 0);
  if (parts.length === 0) throw problem(text, { text, offset: 0 }, `expected ${SYNTAX}.`);
  const said = new Set<string>();
  let wave: WaveCreate = named === null ? {} : { name: named[1] };
  let who: string | undefined;
  for (const part of parts) {
    const { key, value } = splitPart(part);
    const reader = WHO.get(key) ?? SETTINGS.get(key);
    if (reader === undefined) throw problem(text, { ...part, text: key }, unknownKey(key));
    if (said.has(key)) throw problem(text, part, `${key} is said twice.`);
    said.add(key);
    if (WHO.has(key)) {
      if (who !== undefined)
        throw problem(
          text,
          part,
          `the wave is for ${who} already. A query can ask for more than one thing: query=tag = canary and attr.site = berlin.`,
        );
      who = part.text;
    }
    const read = reader.read(value.text);
    if (read === undefined)
      throw problem(text, value.text === '' ? part : value, `expected ${reader.expected}.`);
    wave = { ...wave, ...read };
  }
  return wave;
};

const unknownKey = (key: string): string => {
  const near = suggest(key, [...WHO.keys(), ...SETTINGS.keys()]);
  const meant = near === undefined ? '' : ` Did you mean ${near}?`;
  return `no wave has ${JSON.stringify(key)}.${meant} Expected ${SYNTAX}.`;
};
