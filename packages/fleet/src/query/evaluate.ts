import { compareVersions, type DeviceId, type GroupId } from '@slipway/protocol';
import { alarmsOf, type Facts } from './alarms.ts';
import type { Query, Test, TextField, TimeField, VersionField } from './ast.ts';
import { toRegExp } from './glob.ts';
import { inOrder } from './in-order.ts';
import { metric } from './metrics.ts';
import type { KnownGroups } from './known-groups.ts';
import { packageKey, type KnownPackages } from './packages.ts';

/** What a query is asked against. */
export type World = {
  readonly now: Date;
  /** every group that the query names, and those that they name */
  readonly groups: KnownGroups;
  /** every package that these and the query ask for */
  readonly packages: KnownPackages;
  readonly isMember: (group: GroupId, device: DeviceId) => boolean;
};

/** What `compile` has the database say, said without one. The two are compared by a test. */
export const evaluate = (query: Query, device: Facts, world: World): boolean => {
  switch (query.kind) {
    case 'all':
      return true;
    case 'and':
      return query.of.every((part) => evaluate(part, device, world));
    case 'or':
      return query.of.some((part) => evaluate(part, device, world));
    case 'not':
      return !evaluate(query.of, device, world);
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
      return holds(query, device, world);
    default:
      return query satisfies never;
  }
};

const holds = (test: Test, device: Facts, world: World): boolean => {
  switch (test.kind) {
    case 'flag':
      return test.field.name === 'online' ? device.online : device.state === 'revoked';
    case 'set':
      return isSet(test.field, device, world);
    case 'text':
      return textsOf(test.field, device).some((text) => test.values.includes(text));
    case 'glob': {
      const pattern = toRegExp(test.pattern);
      return textsOf(test.field, device).some((text) => pattern.test(text));
    }
    case 'version': {
      const version = versionOf(test.field, device);
      return version !== null && inOrder(compareVersions(version, test.value), test.order);
    }
    case 'number': {
      const value = numberOf(test.field, device);
      return value !== undefined && inOrder(value - test.value, test.order);
    }
    case 'time': {
      const time = timeOf(test.field, device)?.getTime();
      if (time === undefined) return false;
      return 'at' in test.moment
        ? inOrder(time - test.moment.at, test.order)
        : inOrder(world.now.getTime() - time - test.moment.ageMs, test.order);
    }
    case 'attribute': {
      const value = attributeOf(test.field.key, device);
      return value !== undefined && test.values.includes(value);
    }
    case 'alarm':
      return alarmsOf(device, world.now).some((alarm) => test.values.includes(alarm));
    case 'group': {
      const group = world.groups.get(test.group);
      if (group === undefined) return false;
      return group.query === null
        ? world.isMember(group.id, device.id)
        : evaluate(group.query, device, world);
    }
    case 'package':
      return (
        device.release !== null && world.packages.get(packageKey(test))?.includes(device.release) === true
      );
    default:
      return test satisfies never;
  }
};

const isSet = (field: Extract<Test, { kind: 'set' }>['field'], device: Facts, { now }: World): boolean => {
  switch (field.kind) {
    case 'metric':
      return numberOf(field, device) !== undefined;
    case 'time':
      return timeOf(field, device) !== null;
    case 'attribute':
      return attributeOf(field.key, device) !== undefined;
    case 'alarm':
      return alarmsOf(device, now).length > 0;
    case 'text':
    case 'version':
    case 'service':
    case 'tag':
      return textsOf(field, device).length > 0;
    default:
      return field satisfies never;
  }
};

const attributeOf = (key: string, { attributes }: Facts) =>
  Object.hasOwn(attributes, key) ? attributes[key] : undefined;

const textsOf = (field: Extract<Test, { kind: 'glob' }>['field'], device: Facts): readonly string[] => {
  switch (field.kind) {
    case 'text':
      return [textOf(field.name, device)].filter((text) => text !== null);
    case 'version':
      return [versionOf(field, device)].filter((text) => text !== null);
    case 'service':
      return device.services.filter(({ name }) => name === field.key).map(({ state }) => state);
    case 'tag':
      return device.tags;
    case 'attribute': {
      const value = attributeOf(field.key, device);
      return typeof value === 'string' ? [value] : [];
    }
    default:
      return field satisfies never;
  }
};

const textOf = (name: TextField['name'], device: Facts): string | null => {
  switch (name) {
    case 'id':
      return device.id;
    case 'name':
      return device.name;
    case 'serial':
      return device.serial;
    case 'class':
      return device.deviceClass;
    case 'arch':
      return device.arch;
    case 'channel':
      return device.channel;
    case 'release':
      return device.release;
    case 'slot':
      return device.activeSlot;
    case 'timezone':
      return device.timeZone;
    case 'health':
      return device.health;
    case 'state':
      return device.state;
    default:
      return name satisfies never;
  }
};

const versionOf = ({ name }: VersionField, device: Facts): string | null =>
  name === 'version' ? device.version : device.agentVersion;

const timeOf = ({ name }: TimeField, device: Facts): Date | null =>
  name === 'last_seen' ? device.lastSeenAt : device.enrolledAt;

const numberOf = (field: Extract<Test, { kind: 'number' }>['field'], device: Facts): number | undefined => {
  if (field.kind === 'metric')
    return device.telemetry === null ? undefined : metric(field.name).of(device.telemetry);
  const value = attributeOf(field.key, device);
  return typeof value === 'number' ? value : undefined;
};
