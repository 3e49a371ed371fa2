import { SlipwayError, suggest, type ErrorCode } from '@slipway/protocol';
import type { z } from 'zod';
import { formatPath, type Path, type Position, type SpecDocument } from './document.ts';
import { allowedKeys } from './allowed-keys.ts';

/** One fault of an image or class file, with all that is needed to mend it. */
export type Problem = Position & {
  readonly file: string;
  /** such as `services[0].image` */
  readonly key: string;
  readonly message: string;
  readonly allowed?: readonly string[];
  readonly suggestion?: string;
};

const format = (problem: Problem): string => {
  const meant =
    problem.suggestion === undefined ? '' : `; did you mean ${JSON.stringify(problem.suggestion)}?`;
  const allowed = problem.allowed === undefined ? '' : `; allowed: ${problem.allowed.join(', ')}`;
  const key = problem.key === '' ? '' : `${problem.key}: `;
  return `${problem.file}:${problem.line}:${problem.column}: ${key}${problem.message}${meant}${allowed}`;
};

/** The first problem's facts stand in the details themselves, all of them in `problems`. */
export const specError = (problems: readonly Problem[], code: ErrorCode = 'SPEC_INVALID'): SlipwayError =>
  new SlipwayError(code, problems.map(format).join('\n'), { details: { ...problems[0], problems } });

/** A problem with a value that is there but makes no sense among the others. */
export const problemAt = (
  doc: SpecDocument,
  path: Path,
  message: string,
  choice?: { readonly found: string; readonly allowed: readonly string[] },
): Problem => {
  const suggestion = choice === undefined ? undefined : suggest(choice.found, choice.allowed);
  return {
    file: doc.file,
    ...doc.positionOf(path),
    key: formatPath(path),
    message,
    ...(choice === undefined ? {} : { allowed: choice.allowed }),
    ...(suggestion === undefined ? {} : { suggestion }),
  };
};

const found = (value: unknown): string => {
  if (value === undefined) return 'nothing';
  if (value === null) return 'an empty value';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  return `${typeof value === 'string' ? 'the text' : `the ${typeof value}`} ${JSON.stringify(value)}`;
};

const WORDS: Readonly<Record<string, string>> = {
  string: 'a text',
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
  int: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
};

const isRecord = (value: unknown): value is Record<string | number, unknown> =>
  typeof value === 'object' && value !== null;

const valueAt = (root: unknown, path: Path): unknown =>
  path.reduce<unknown>((value, part) => (isRecord(value) ? value[part] : undefined), root);

/** What the schema's library says of a bound, unless the schema has words of its own. */
const bound = ({
  code,
  origin,
  message,
  ...issue
}: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig): string => {
  if (code === 'too_small' && 'minimum' in issue && issue.minimum === 1 && message.startsWith('Too small')) {
    if (origin === 'string') return 'a text that is not empty';
    if (origin === 'array') return 'a list that is not empty';
  }
  return message.replace(/^Too (?:small|big): expected /, 'a ');
};

/** Turns what the schema objects to into problems that point into the file. */
export const problemsOf = (
  doc: SpecDocument,
  schema: z.ZodType,
  error: Pick<z.ZodError, 'issues'>,
): Problem[] =>
  error.issues.flatMap((issue): Problem[] => {
    const path = issue.path.filter((part): part is string | number => typeof part !== 'symbol');
    const value = valueAt(doc.value, path);
    switch (issue.code) {
      case 'unrecognized_keys': {
        const allowed = allowedKeys(schema, doc.value, path);
        return issue.keys.map((key) => {
          const suggestion = suggest(key, allowed);
          return {
            file: doc.file,
            ...doc.positionOfKey(path, key),
            key: formatPath([...path, key]),
            message: 'unknown key',
            allowed,
            ...(suggestion === undefined ? {} : { suggestion }),
          };
        });
      }
      case 'invalid_value': {
        const allowed = issue.values.map(String);
        return [
          problemAt(doc, path, `expected one of the allowed values, found ${found(value)}`, {
            found: String(value),
            allowed,
          }),
        ];
      }
      case 'invalid_type': {
        const expected = WORDS[issue.expected] ?? issue.expected;
        const quotes =
          issue.expected === 'string' && ['number', 'boolean'].includes(typeof value)
            ? ' (put it in quotes)'
            : '';
        return [
          problemAt(
            doc,
            path,
            value === undefined
              ? `is missing: expected ${expected}`
              : `expected ${expected}${quotes}, found ${found(value)}`,
          ),
        ];
      }
      case 'too_small':
      case 'too_big':
        return [problemAt(doc, path, `expected ${bound(issue)}, found ${found(value)}`)];
      case 'invalid_union': {
        // Of several kinds, none is the one that the key says.
        if ('options' in issue && Array.isArray(issue.options)) {
          const allowed = issue.options.map(String);
          if (value === undefined)
            return [{ ...problemAt(doc, path, 'is missing: it tells the kind'), allowed }];
          const message = `expected one of the allowed values, found ${found(value)}`;
          return [problemAt(doc, path, message, { found: typeof value === 'string' ? value : '', allowed })];
        }
        // What takes a mapping knows better what is wrong with it.
        const within = isRecord(value)
          ? issue.errors.find((branch) =>
              branch.every((inner) => inner.path.length > 0 || inner.code === 'unrecognized_keys'),
            )
          : undefined;
        if (within !== undefined)
          return problemsOf(doc, schema, {
            issues: within.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] })),
          });
        return [problemAt(doc, path, `expected ${issue.message}, found ${found(value)}`)];
      }
      case 'invalid_format':
      case 'custom':
        return [problemAt(doc, path, `expected ${issue.message}, found ${found(value)}`)];
      case 'invalid_key':
        return [problemAt(doc, path, `expected ${issue.issues[0]?.message ?? 'another name'}`)];
      case 'invalid_element':
      case 'not_multiple_of':
        return [problemAt(doc, path, `${issue.message}, found ${found(value)}`)];
      default:
        return issue satisfies never;
    }
  });
