import type { AlarmName, AttributeValue, PackageType } from '@slipway/protocol';
import type { Pattern } from './glob.ts';
import type { MetricName } from './metrics.ts';

/** Where in the text of a query something stands, in UTF-16 units. */
export type Span = { readonly offset: number; readonly length: number };

export const ORDERS = ['=', '<', '<=', '>', '>='] as const;
export type Order = (typeof ORDERS)[number];

export const TEXT_FIELDS = [
  'id',
  'name',
  'serial',
  'class',
  'arch',
  'channel',
  'release',
  'slot',
  'health',
  'state',
  'timezone',
] as const;
export type TextField = { readonly kind: 'text'; readonly name: (typeof TEXT_FIELDS)[number] };
export type FlagField = { readonly kind: 'flag'; readonly name: 'online' | 'revoked' };
export type VersionField = { readonly kind: 'version'; readonly name: 'version' | 'agent' };
export type TimeField = { readonly kind: 'time'; readonly name: 'last_seen' | 'enrolled' };
export type MetricField = { readonly kind: 'metric'; readonly name: MetricName };
export type ServiceField = { readonly kind: 'service'; readonly key: string };
export type AttributeField = { readonly kind: 'attribute'; readonly key: string };
/** A device has any number of these. */
export type TagField = { readonly kind: 'tag' };
export type AlarmField = { readonly kind: 'alarm' };
export type GroupField = { readonly kind: 'group' };
/** In the release that the device runs. */
export type PackageField = {
  readonly kind: 'package';
  /** null: whatever it is */
  readonly type: PackageType | null;
  /** of the package, or of the source that it was built from */
  readonly name: string;
};

export type Field =
  | TextField
  | FlagField
  | VersionField
  | TimeField
  | MetricField
  | ServiceField
  | AttributeField
  | TagField
  | AlarmField
  | GroupField
  | PackageField;

/** Since when, or when: `7d` counts back from the moment of asking. */
export type Moment = { readonly ageMs: number } | { readonly at: number };

/**
 * A question about a device that is answered by yes or no. What a device does not have answers no to every one; there
 * is no third answer, so `not` turns each into its opposite.
 */
export type Test =
  | { readonly kind: 'flag'; readonly field: FlagField }
  | { readonly kind: 'set'; readonly field: Exclude<Field, FlagField | GroupField | PackageField> }
  | {
      readonly kind: 'text';
      readonly field: TextField | ServiceField | TagField;
      readonly values: readonly string[];
    }
  | {
      readonly kind: 'glob';
      readonly field: TextField | ServiceField | TagField | VersionField | AttributeField;
      readonly pattern: Pattern;
    }
  | { readonly kind: 'version'; readonly field: VersionField; readonly order: Order; readonly value: string }
  | {
      readonly kind: 'number';
      readonly field: MetricField | AttributeField;
      readonly order: Order;
      readonly value: number;
    }
  /** `<` and so on of the age where that is given, otherwise of the time */
  | {
      readonly kind: 'time';
      readonly field: TimeField;
      readonly order: Exclude<Order, '='>;
      readonly moment: Moment;
    }
  | { readonly kind: 'attribute'; readonly field: AttributeField; readonly values: readonly AttributeValue[] }
  | { readonly kind: 'alarm'; readonly values: readonly AlarmName[] }
  /** that one of the versions of the package that are there is such */
  | {
      readonly kind: 'package';
      readonly field: PackageField;
      readonly wanted:
        | { readonly kind: 'any' }
        | { readonly kind: 'order'; readonly order: Order; readonly version: string }
        | { readonly kind: 'like'; readonly pattern: Pattern };
    }
  /** by name or id */
  | { readonly kind: 'group'; readonly group: string; readonly span: Span };

export type PackageTest = Extract<Test, { kind: 'package' }>;

export type Query =
  | { readonly kind: 'all' }
  | { readonly kind: 'and' | 'or'; readonly of: readonly Query[] }
  | { readonly kind: 'not'; readonly of: Query }
  | Test;

/** Every test of a query, from left to right. */
export const testsOf = (query: Query): readonly Test[] => {
  switch (query.kind) {
    case 'all':
      return [];
    case 'and':
    case 'or':
      return query.of.flatMap(testsOf);
    case 'not':
      return testsOf(query.of);
    case 'flag':
    case 'set':
    case 'text':
    case 'glob':
    case 'version':
    case 'number':
    case 'time':
    case 'attribute':
    case 'alarm':
    case 'group':
    case 'package':
      return [query];
    default:
      return query satisfies never;
  }
};
