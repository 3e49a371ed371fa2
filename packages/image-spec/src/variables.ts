import { z } from 'zod';
import type { Path, SpecDocument } from './document.ts';
import { problemAt, specError, type Problem } from './problems.ts';

const NAME = /^[A-Za-z_][A-Za-z0-9_-]*$/;

/** Package sets have it already: it becomes the architecture as Debian calls it. */
const RESERVED = 'arch';

const Name = z
  .string()
  .regex(NAME, 'a name of letters, digits, - and _')
  .refine((name) => name !== RESERVED, 'another name: ${arch} is the architecture in package sets');

export const VariableValue = z.union([z.string(), z.number(), z.boolean()], {
  error: 'a text, a number, or true or false',
});
export type VariableValue = z.infer<typeof VariableValue>;
export type VariableValues = Readonly<Record<string, VariableValue>>;

/** Of a class file: what variables of its image files are. */
export const SetVariables = z.record(Name, VariableValue);

/** Of an image file: the variables it has, each with what it is by default. */
export const DeclaredVariables = z.record(
  Name,
  z.union([VariableValue, z.null()], {
    error: 'a text, a number, true or false, or nothing: then a class must set it',
  }),
);

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Of a file that has them; what is wrong with them is for its schema to tell. */
export const declaredIn = (doc: SpecDocument): Readonly<Record<string, VariableValue | null>> | undefined => {
  const text = isRecord(doc.value) ? doc.value['variables'] : undefined;
  const declared = DeclaredVariables.safeParse(text);
  return declared.success ? declared.data : undefined;
};

/**
 * Puts values in the place of `${name}` in a file that declares variables; `$${` stands for `${`. A file that declares none
 * is left to the letter: LinuxKit knows no variables, and `${name}` may be a shell's. Values are put into texts that were
 * read, so none of them can become anything but (a part of) a value.
 *
 * @param values for variables of this file and of others
 * @param mayLack whether variables may be without a value, as long as no class uses the file
 * @throws {SlipwayError} SPEC_INVALID for names that are not declared, not used or have no value
 */
export const fillVariables = (doc: SpecDocument, values: VariableValues, mayLack = false): SpecDocument => {
  const declared = declaredIn(doc);
  if (declared === undefined || !isRecord(doc.value)) return doc;
  const names = Object.keys(declared);
  const problems: Problem[] = [];
  const used = new Set<string>();

  const valueOf = (name: string, at: Path): VariableValue | undefined => {
    if (name === RESERVED) return undefined;
    if (!Object.hasOwn(declared, name)) {
      problems.push(
        problemAt(
          doc,
          at,
          `there is no variable ${JSON.stringify(name)}: declare it under variables, or write $\${ for the text itself`,
          { found: name, allowed: names },
        ),
      );
      return undefined;
    }
    used.add(name);
    return (Object.hasOwn(values, name) ? values[name] : declared[name]) ?? undefined;
  };
  const fillText = (text: string, at: Path): VariableValue => {
    const whole = /^\$\{([^}]*)\}$/.exec(text)?.[1];
    // A number stays one.
    if (whole !== undefined) return valueOf(whole, at) ?? text;
    return text.replaceAll(/\$\$\{|\$\{([^}]*)\}/g, (found: string, name?: string) =>
      name === undefined ? '${' : String(valueOf(name, at) ?? found),
    );
  };
  const fill = (value: unknown, at: Path): unknown => {
    if (typeof value === 'string') return fillText(value, at);
    if (Array.isArray(value)) return value.map((item, index) => fill(item, [...at, index]));
    if (!isRecord(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fill(item, [...at, key])]));
  };
  const filled = Object.fromEntries(
    Object.entries(doc.value).map(([key, value]) => [key, key === 'variables' ? value : fill(value, [key])]),
  );
  for (const name of names) {
    const at = ['variables', name];
    if (!used.has(name))
      problems.push(problemAt(doc, at, `is not used: nothing in this file says \${${name}}`));
    else if (!mayLack && declared[name] === null && !Object.hasOwn(values, name))
      problems.push(
        problemAt(
          doc,
          at,
          'has no value: set it under variables of the class file, or by --set, or give it one here',
        ),
      );
  }
  if (problems.length > 0) throw specError(problems);
  return { ...doc, value: filled };
};
