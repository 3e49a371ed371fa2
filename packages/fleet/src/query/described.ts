import { AlarmName, ServiceReport, type QueryField } from '@slipway/protocol';
import { TEXT_FIELDS, type Field } from './ast.ts';
import { METRICS } from './metrics.ts';
import { OPERATORS_OF } from './parse.ts';
import { WORDS } from './values.ts';

/** In few words, as they stand beside a name in a list. */
const MEANINGS = {
  id: 'id of the device',
  name: 'name that operators gave it',
  serial: 'serial number that it enrolled with',
  class: 'device class',
  arch: 'architecture',
  channel: 'channel that it follows',
  release: 'id of the release that it runs',
  slot: 'active slot',
  health: 'what it says of itself',
  state: 'whether it is of the fleet',
  timezone: 'time zone of its maintenance windows',
  online: 'is connected',
  revoked: 'gets no certificate any more',
  version: 'version that it runs',
  agent: 'version of the agent',
  last_seen: 'last seen: an age such as 7d, or a time',
  enrolled: 'enrolled: an age such as 7d, or a time',
  tag: 'tag that operators gave it',
  alarm: 'what is wrong with it now',
  group: 'group that it belongs to',
} as const;

/** What the fleet at hand has, most frequent first. */
export type KnownValues = {
  readonly classes: readonly string[];
  readonly channels: readonly string[];
  readonly versions: readonly string[];
  readonly agents: readonly string[];
  readonly timeZones: readonly string[];
  readonly tags: readonly string[];
  readonly groups: readonly string[];
  readonly services: readonly string[];
  readonly attributes: ReadonlyMap<string, readonly string[]>;
};

const field = (
  name: string,
  kind: Field['kind'],
  meaning: string,
  values: readonly string[] = [],
  unit: QueryField['unit'] = null,
): QueryField => {
  const plain = kind === 'time' || kind === 'flag' ? [] : ['in'];
  return { name, kind, operators: [...OPERATORS_OF[kind], ...plain], meaning, unit, values: [...values] };
};

/** Every field of the language, with those that only this fleet has: attributes and services. */
export const describeFields = (known: KnownValues): QueryField[] => {
  const listed: Readonly<Record<string, readonly string[]>> = {
    ...WORDS,
    class: known.classes,
    channel: known.channels,
    timezone: known.timeZones,
  };
  return [
    ...TEXT_FIELDS.map((name) => field(name, 'text', MEANINGS[name], listed[name])),
    field('online', 'flag', MEANINGS.online, ['true', 'false']),
    field('revoked', 'flag', MEANINGS.revoked, ['true', 'false']),
    field('version', 'version', MEANINGS.version, known.versions),
    field('agent', 'version', MEANINGS.agent, known.agents),
    field('last_seen', 'time', MEANINGS.last_seen, AGES),
    field('enrolled', 'time', MEANINGS.enrolled, AGES),
    field('tag', 'tag', MEANINGS.tag, known.tags),
    field('alarm', 'alarm', MEANINGS.alarm, AlarmName.options),
    field('group', 'group', MEANINGS.group, known.groups),
    ...Object.entries(METRICS).map(([name, { unit, meaning }]) =>
      field(`metric.${name}`, 'metric', meaning, [], unit),
    ),
    ...known.services.map((name) =>
      field(`service.${name}`, 'service', 'state of the service', ServiceReport.shape.state.options),
    ),
    ...[...known.attributes].map(([name, values]) =>
      field(`attr.${name}`, 'attribute', 'attribute that operators set', values),
    ),
    field('package.', 'package', 'version of a package in its release'),
  ];
};

const AGES = ['1h', '1d', '7d', '30d'];
