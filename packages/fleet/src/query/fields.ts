import { AttributeName, PackageType, suggest } from '@slipway/protocol';
import { TEXT_FIELDS, type Field, type PackageField, type Span } from './ast.ts';
import { isMetricName, METRICS } from './metrics.ts';
import { queryProblem } from './problem.ts';

const text = (name: (typeof TEXT_FIELDS)[number]): Field => ({ kind: 'text', name });

/** Fields that are one word. */
const PLAIN: Readonly<Record<string, Field>> = {
  ...Object.fromEntries(TEXT_FIELDS.map((name) => [name, text(name)])),
  online: { kind: 'flag', name: 'online' },
  revoked: { kind: 'flag', name: 'revoked' },
  version: { kind: 'version', name: 'version' },
  agent: { kind: 'version', name: 'agent' },
  last_seen: { kind: 'time', name: 'last_seen' },
  enrolled: { kind: 'time', name: 'enrolled' },
  tag: { kind: 'tag' },
  tags: { kind: 'tag' },
  alarm: { kind: 'alarm' },
  alarms: { kind: 'alarm' },
  group: { kind: 'group' },
  groups: { kind: 'group' },
};

/** What stands before the dot, with what may stand behind it. */
const FAMILIES = {
  attr: 'attr.NAME',
  metric: 'metric.NAME',
  service: 'service.NAME',
  package: 'package.NAME',
} as const;
const isFamily = (word: string): word is keyof typeof FAMILIES => Object.hasOwn(FAMILIES, word);

/** As a person would look for them; for documentation and suggestions. */
export const FIELD_NAMES: readonly string[] = [...Object.keys(PLAIN), ...Object.values(FAMILIES)];

const didYouMean = (found: string, allowed: readonly string[], prefix = ''): string => {
  const near = suggest(found, allowed);
  return near === undefined ? '' : ` Did you mean ${prefix}${near}?`;
};

/** @throws {SlipwayError} QUERY_INVALID */
export const fieldOf = (query: string, word: string, span: Span): Field => {
  const plain = Object.hasOwn(PLAIN, word) ? PLAIN[word] : undefined;
  if (plain !== undefined) return plain;
  const refuse = (what: string) => queryProblem(query, span, what);

  const [head = '', ...rest] = word.split('.');
  const key = rest.join('.');
  if (!isFamily(head)) {
    // As in other languages: metric:cpu_temp, tags.x.
    const [first = '', second = ''] = word.split(':');
    if (isFamily(first) && second !== '')
      throw refuse(`there is no field ${word}. Did you mean ${first}.${second}?`);
    const near = didYouMean(head, Object.keys(FAMILIES));
    if (rest.length > 0 && near !== '')
      throw refuse(`there is no field ${word}.${near.replace('?', `.${key}?`)}`);
    throw refuse(
      `there is no field ${word}.${didYouMean(word, Object.keys(PLAIN))} Fields are ${FIELD_NAMES.join(', ')}.`,
    );
  }
  if (key === '') throw refuse(`expected a name after ${head}, as in ${FAMILIES[head]}.`);
  switch (head) {
    case 'metric':
      if (isMetricName(key)) return { kind: 'metric', name: key };
      throw refuse(
        `there is no metric ${key}.${didYouMean(key, Object.keys(METRICS), 'metric.')} Metrics are ${Object.keys(METRICS).join(', ')}.`,
      );
    case 'attr': {
      const name = AttributeName.safeParse(key);
      if (name.success) return { kind: 'attribute', key };
      throw refuse(
        `no attribute can be called ${key}: expected ${name.error.issues[0]?.message ?? 'a name'}.`,
      );
    }
    case 'service':
      return { kind: 'service', key };
    case 'package':
      return packageField(query, key, span);
    default:
      return head satisfies never;
  }
};

/**
 * `openssl`, `deb:openssl`, `npm:@scope/name`, `go:golang.org/x/net`.
 *
 * @throws {SlipwayError} QUERY_INVALID
 */
export const packageField = (query: string, key: string, span: Span): PackageField => {
  const [, prefix, name = ''] = /^([^:]*):(.*)$/s.exec(key) ?? [];
  if (prefix === undefined) return { kind: 'package', type: null, name: key };
  const type = PackageType.safeParse(prefix === 'go' ? 'golang' : prefix);
  if (type.success && name !== '') return { kind: 'package', type: type.data, name };
  throw queryProblem(
    query,
    span,
    type.success
      ? `expected the name of a package after ${prefix}:.`
      : `there are no packages of type ${prefix}.${didYouMean(prefix, PackageType.options)} Types are ${PackageType.options.join(', ')}.`,
  );
};

/** For messages. */
export const nameOf = (field: Field): string => {
  switch (field.kind) {
    case 'text':
    case 'flag':
    case 'version':
    case 'time':
      return field.name;
    case 'metric':
      return `metric.${field.name}`;
    case 'service':
      return `service.${field.key}`;
    case 'attribute':
      return `attr.${field.key}`;
    case 'package':
      return `package.${field.type === null ? '' : `${field.type}:`}${field.name}`;
    case 'tag':
    case 'alarm':
    case 'group':
      return field.kind;
    default:
      return field satisfies never;
  }
};
