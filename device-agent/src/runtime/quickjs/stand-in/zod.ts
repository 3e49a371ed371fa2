/**
 * The part of zod that the schemas of a device use, with its names, for the bundle of QuickJS alone: there the
 * schemas of zod itself were most of the heap of an agent, which has hundreds of them. `zod.test.ts` holds it against zod.
 * Types come from zod; a method that is missing here is an error at the start of the agent.
 */
export type Issue = { readonly path: readonly PropertyKey[]; readonly message: string };

export class ZodError extends Error {
  readonly issues: readonly Issue[];

  constructor(issues: readonly Issue[]) {
    super(JSON.stringify(issues));
    this.issues = issues;
  }
}

type Result =
  { readonly success: true; readonly data: unknown } | { readonly success: false; readonly error: ZodError };

/** What a schema hands back for a value that it refuses; the reasons are in `issues` then. */
const REFUSED = Symbol('refused');

type Path = readonly PropertyKey[];
type Check = (value: unknown) => string | undefined;
type Read = (value: unknown, path: Path, issues: Issue[]) => unknown;

const nameOf = (value: unknown): string => {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return Number.isNaN(value) ? 'NaN' : typeof value;
};

const refuse = (expected: string, value: unknown, path: Path, issues: Issue[]): typeof REFUSED => {
  issues.push({ path, message: `Invalid input: expected ${expected}, received ${nameOf(value)}` });
  return REFUSED;
};

const sizeOf = (value: unknown): number => {
  if (typeof value === 'number') return value;
  return typeof value === 'string' || Array.isArray(value) ? value.length : Number.NaN;
};

type Shape = Readonly<Record<string, Schema>>;

class Schema {
  readonly read: Read;
  readonly checks: readonly Check[];
  /** accepts that there is no value at all */
  readonly isOptional: boolean;

  constructor(read: Read, checks: readonly Check[] = [], isOptional = false) {
    this.read = read;
    this.checks = checks;
    this.isOptional = isOptional;
  }

  run(value: unknown, path: Path, issues: Issue[]): unknown {
    const before = issues.length;
    const read = this.read(value, path, issues);
    if (read === REFUSED) return REFUSED;
    for (const check of this.checks) {
      const message = check(read);
      if (message !== undefined) issues.push({ path, message });
    }
    return issues.length === before ? read : REFUSED;
  }

  safeParse(value: unknown): Result {
    const issues: Issue[] = [];
    const data = this.run(value, [], issues);
    return data === REFUSED ? { success: false, error: new ZodError(issues) } : { success: true, data };
  }

  parse(value: unknown): unknown {
    const result = this.safeParse(value);
    if (!result.success) throw result.error;
    return result.data;
  }

  /** The same with one more check; a schema is never changed. */
  with(check: Check): this {
    // eslint-disable-next-line typescript/no-unsafe-type-assertion -- a copy has the prototype of what it is copied from
    const copy = Object.create(Object.getPrototypeOf(this) as object) as this;
    return Object.assign(copy, this, { checks: [...this.checks, check] });
  }

  min(limit: number): this {
    return this.with((value) => (sizeOf(value) >= limit ? undefined : `Too small: expected >=${limit}`));
  }

  max(limit: number): this {
    return this.with((value) => (sizeOf(value) <= limit ? undefined : `Too big: expected <=${limit}`));
  }

  positive(): this {
    return this.with((value) => (sizeOf(value) > 0 ? undefined : 'Too small: expected >0'));
  }

  length(size: number): this {
    return this.with((value) =>
      sizeOf(value) === size ? undefined : `Invalid input: expected size ${size}`,
    );
  }

  regex(pattern: RegExp, message = `Invalid string: must match pattern ${pattern}`): this {
    return this.with((value) => (pattern.test(String(value)) ? undefined : message));
  }

  refine(holds: (value: unknown) => unknown, message: unknown = 'Invalid input'): this {
    return this.with((value) => (holds(value) ? undefined : String(message)));
  }

  optional(): Schema {
    return new Schema(
      (value, path, issues) => (value === undefined ? undefined : this.run(value, path, issues)),
      [],
      true,
    );
  }

  nullable(): Schema {
    return new Schema(
      (value, path, issues) => (value === null ? null : this.run(value, path, issues)),
      [],
      this.isOptional,
    );
  }

  default(instead: unknown): Schema {
    return new Schema(
      (value, path, issues) => (value === undefined ? instead : this.run(value, path, issues)),
      [],
      false,
    );
  }

  catch(instead: unknown): Schema {
    return new Schema((value, path) => {
      const read = this.run(value, path, []);
      return read === REFUSED ? instead : read;
    });
  }

  transform(change: (value: unknown) => unknown): Schema {
    return new Schema((value, path, issues) => {
      const read = this.run(value, path, issues);
      return read === REFUSED ? REFUSED : change(read);
    });
  }

  brand(): this {
    return this;
  }

  describe(): this {
    return this;
  }

  meta(): this {
    return this;
  }
}

class ObjectSchema extends Schema {
  readonly shape: Shape;
  readonly isStrict: boolean;

  constructor(shape: Shape, isStrict: boolean) {
    super((value, path, issues) => readObject(shape, isStrict, value, path, issues));
    this.shape = shape;
    this.isStrict = isStrict;
  }

  extend(more: Shape): ObjectSchema {
    return new ObjectSchema({ ...this.shape, ...more }, this.isStrict);
  }

  pick(names: Readonly<Record<string, true>>): ObjectSchema {
    const kept = Object.entries(this.shape).filter(([name]) => names[name] === true);
    return new ObjectSchema(Object.fromEntries(kept), this.isStrict);
  }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const readObject = (
  shape: Shape,
  isStrict: boolean,
  value: unknown,
  path: Path,
  issues: Issue[],
): unknown => {
  if (!isObject(value)) return refuse('object', value, path, issues);
  const before = issues.length;
  const data: Record<string, unknown> = {};
  for (const [name, schema] of Object.entries(shape)) {
    const isThere = name in value;
    const read = schema.run(value[name], [...path, name], issues);
    if (read === undefined && !isThere && schema.isOptional) continue;
    data[name] = read;
  }
  const strange = isStrict ? Object.keys(value).filter((name) => !Object.hasOwn(shape, name)) : [];
  if (strange.length > 0) {
    const names = strange.map((name) => JSON.stringify(name)).join(', ');
    issues.push({ path, message: `Unrecognized key${strange.length > 1 ? 's' : ''}: ${names}` });
  }
  return issues.length === before ? data : REFUSED;
};

class EnumSchema extends Schema {
  readonly options: readonly string[];

  constructor(options: readonly string[]) {
    super((value, path, issues) => {
      if (typeof value === 'string' && options.includes(value)) return value;
      issues.push({
        path,
        message: `Invalid option: expected one of ${options.map((option) => JSON.stringify(option)).join('|')}`,
      });
      return REFUSED;
    });
    this.options = options;
  }
}

class LiteralSchema extends Schema {
  readonly values: readonly unknown[];

  constructor(value: unknown) {
    const values: readonly unknown[] = Array.isArray(value) ? value : [value];
    super((found, path, issues) => {
      if (values.includes(found)) return found;
      issues.push({
        path,
        message: `Invalid input: expected ${values.map((one) => JSON.stringify(one)).join('|')}`,
      });
      return REFUSED;
    });
    this.values = values;
  }
}

const ofType = (expected: string, holds: (value: unknown) => boolean): Schema =>
  new Schema((value, path, issues) => (holds(value) ? value : refuse(expected, value, path, issues)));

export const object = (shape: Shape): ObjectSchema => new ObjectSchema(shape, false);
export const strictObject = (shape: Shape): ObjectSchema => new ObjectSchema(shape, true);
export const string = (): Schema => ofType('string', (value) => typeof value === 'string');
export const number = (): Schema => ofType('number', (value) => Number.isFinite(value));
export const int = (): Schema => ofType('int', (value) => Number.isSafeInteger(value));
export const boolean = (): Schema => ofType('boolean', (value) => typeof value === 'boolean');
export const unknown = (): Schema => new Schema((value) => value, [], true);
export const literal = (value: unknown): LiteralSchema => new LiteralSchema(value);
const enumeration = (options: readonly string[]): EnumSchema => new EnumSchema(options);
export { enumeration as enum };

const isUrl = (text: string): boolean => {
  try {
    return new URL(text) instanceof URL;
  } catch {
    return false;
  }
};
export const url = (): Schema => string().refine((value) => isUrl(String(value)), 'Invalid URL');

const BASE64 = /^$|^(?:[0-9a-zA-Z+/]{4})*(?:[0-9a-zA-Z+/]{2}==|[0-9a-zA-Z+/]{3}=)?$/;
export const base64 = (): Schema => string().regex(BASE64, 'Invalid base64-encoded string');

const DATE_TIME =
  /^(?:\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01]))T(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d+)?)?Z$/;
/** A day that its month does not have passes; no device reads such a time. */
export const iso = { datetime: (): Schema => string().regex(DATE_TIME, 'Invalid ISO datetime') };

export const array = (element: Schema): Schema =>
  new Schema((value, path, issues) => {
    if (!Array.isArray(value)) return refuse('array', value, path, issues);
    const before = issues.length;
    const data = value.map((item: unknown, index) => element.run(item, [...path, index], issues));
    return issues.length === before ? data : REFUSED;
  });

const readRecord = (keys: Schema, values: Schema): Schema =>
  new Schema((value, path, issues) => {
    if (!isObject(value)) return refuse('record', value, path, issues);
    const before = issues.length;
    const data: Record<string, unknown> = {};
    for (const [name, item] of Object.entries(value)) {
      keys.run(name, [...path, name], issues);
      data[name] = values.run(item, [...path, name], issues);
    }
    return issues.length === before ? data : REFUSED;
  });
export const record = readRecord;
export const partialRecord = readRecord;

/** Values of the key that choose a member of a union. */
const choices = (schema: Schema | undefined): readonly unknown[] => {
  if (schema instanceof LiteralSchema) return schema.values;
  return schema instanceof EnumSchema ? schema.options : [];
};

export const discriminatedUnion = (key: string, members: readonly ObjectSchema[]): Schema => {
  const byValue = new Map<unknown, ObjectSchema>();
  for (const member of members) for (const value of choices(member.shape[key])) byValue.set(value, member);
  return new Schema((value, path, issues) => {
    if (!isObject(value)) return refuse('object', value, path, issues);
    const member = byValue.get(value[key]);
    if (member !== undefined) return member.run(value, path, issues);
    issues.push({ path: [...path, key], message: 'Invalid discriminator value' });
    return REFUSED;
  });
};
