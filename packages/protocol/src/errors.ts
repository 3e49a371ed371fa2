import { ACCESS } from './errors/access.ts';
import { BUILDS } from './errors/builds.ts';
import { BUNDLES } from './errors/bundles.ts';
import { COMPONENTS } from './errors/components.ts';
import { DEVICES } from './errors/devices.ts';
import { IMAGE_FILES } from './errors/image-files.ts';
import { INSTALLS } from './errors/installs.ts';
import { PROGRAMS } from './errors/programs.ts';
import { REGISTRIES } from './errors/registries.ts';
import { RELEASES } from './errors/releases.ts';
import { REQUESTS, STATES } from './errors/requests.ts';
import { ROLLOUTS } from './errors/rollouts.ts';
import { SERVER, STARTS } from './errors/server.ts';

export type { ErrorEntry } from './errors/entry.ts';

/**
 * Every error code Slipway gives, in the order of `docs/errors.md`, which `npm run docs` writes from it. A code is defined
 * in one of the files of `errors/` alone. Codes are public and stable: a code is never renamed and never changes its
 * meaning.
 */
export const ERRORS = {
  ...PROGRAMS,
  ...IMAGE_FILES,
  ...COMPONENTS,
  ...REGISTRIES,
  ...BUILDS,
  ...BUNDLES,
  ...INSTALLS,
  ...ACCESS,
  ...REQUESTS,
  ...RELEASES,
  ...STATES,
  ...DEVICES,
  ...STARTS,
  ...ROLLOUTS,
  ...SERVER,
} as const;

export type ErrorCode = keyof typeof ERRORS;

export const isErrorCode = (value: unknown): value is ErrorCode =>
  typeof value === 'string' && Object.hasOwn(ERRORS, value);

/** Base of every error Slipway throws on purpose. The message says what was expected, what was found, how to mend it. */
export class SlipwayError extends Error {
  readonly code: ErrorCode;
  /** Facts for programs: file, line, column, key, expected, found … */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    code: ErrorCode,
    message: string,
    options: { readonly cause?: unknown; readonly details?: Readonly<Record<string, unknown>> } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.details = options.details ?? {};
  }
}

/** The first among an error and its causes that the system gave with one of these codes. */
export const systemError = (error: unknown, codes: readonly string[]): Error | undefined => {
  for (let at = error, depth = 0; at instanceof Error && depth < 10; at = at.cause, depth++)
    if ('code' in at && typeof at.code === 'string' && codes.includes(at.code)) return at;
  return undefined;
};

const FULL: readonly string[] = ['ENOSPC', 'EDQUOT'];
const REFUSED: readonly string[] = ['EACCES', 'EPERM', 'EROFS', 'EISDIR', 'ENOTDIR', 'EEXIST', 'ELOOP'];
/** What Node says of making a folder in a file system that is read-only. */
const isUnmade = (error: Error | undefined): boolean =>
  error !== undefined && 'syscall' in error && error.syscall === 'mkdir';

/** The code of anything thrown; what was not thrown on purpose is `INTERNAL`, but for a disk that is full. */
export const codeOf = (error: unknown): ErrorCode => {
  if (error instanceof SlipwayError) return error.code;
  return systemError(error, FULL) === undefined ? 'INTERNAL' : 'DISK_FULL';
};

/** Whether a path that the system names lies in a place, or the place in it. */
const isAbout = (error: Error, places: readonly string[]): boolean => {
  const path = 'path' in error && typeof error.path === 'string' ? error.path : '';
  return (
    path !== '' && places.some((place) => `${path}/`.startsWith(`${place}/`) || place.startsWith(`${path}/`))
  );
};

/**
 * What work that writes files threw, told as a fault of the disk if it is one. A full disk counts whatever was made of
 * it on the way; a refusal only if nobody has explained it.
 *
 * @param places folders that are written to
 */
export const explainStorage = (error: unknown, places: readonly string[]): unknown => {
  const where = places.join(' or ');
  const full = systemError(error, FULL);
  if (full !== undefined)
    return new SlipwayError(
      'DISK_FULL',
      `expected room in ${where}, found none: ${full.message}; free some space (slipway cache prune removes what builds have not used for a while), or name folders on another file system`,
      { cause: error, details: { places } },
    );
  const missing = systemError(error, ['ENOENT']);
  const refused =
    error instanceof SlipwayError
      ? undefined
      : (systemError(error, REFUSED) ?? (isUnmade(missing) ? missing : undefined));
  if (refused !== undefined && isAbout(refused, places))
    return new SlipwayError(
      'NOT_WRITABLE',
      `expected to write in ${where}, found ${refused.message}; choose another place, or mend its permissions`,
      { cause: error, details: { places } },
    );
  return error;
};

/** The message of anything thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
