import { DebPackage } from '@slipway/components';
import { SNAPSHOT } from '@slipway/image-spec';
import { Arch, ARCHITECTURES, Digest, messageOf, SlipwayError } from '@slipway/protocol';
import { parseDocument, stringify } from 'yaml';
import { z } from 'zod';

/** Lies beside the image file. */
export const LOCK_FILE = 'slipway.lock';

const MAX_BYTES = 16 * 1024 * 1024;
/** Becomes the argument of a program. */
const Url = z.string().regex(/^(?:https?:\/\/|file:\/)[^\s'"\\]+$/, 'an http, https or file URL');

const Platforms = z.partialRecord(Arch, Digest);

const LockedImage = z.strictObject({
  /** of what the tag pointed at: an index, or the manifest itself */
  digest: Digest,
  /** of the manifest for each architecture */
  platforms: Platforms,
});

const DEBIAN_NAMES = Arch.options.map((arch) => ARCHITECTURES[arch].debian);

const LockedPackage = DebPackage.omit({ mirrors: true }).extend({
  name: z.string().regex(/^[a-z0-9][a-z0-9+.-]*$/, 'the name of a Debian package'),
  version: z.string().regex(/^[A-Za-z0-9.+:~-]+$/, 'the version of a Debian package'),
  arch: z.enum(['all', ...DEBIAN_NAMES], { error: `expected all or ${DEBIAN_NAMES.join(', ')}` }),
  size: z.int().min(0),
  url: Url,
});

const LockedSet = z.strictObject({
  /** of the declaration that it was resolved for */
  declared: Digest,
  /** the archives as they were */
  sources: z.array(
    z.strictObject({
      uri: Url,
      suites: z.record(z.string(), z.string().regex(SNAPSHOT, 'a moment such as 20261101T000000Z')),
      components: z.array(z.string()),
      fallback: Url.optional(),
    }),
  ),
  packages: z.array(LockedPackage),
});
export type LockedSet = z.infer<typeof LockedSet>;

const NpmPackage = z.strictObject({ version: z.string(), integrity: z.string() });

/** What every tag and every package set of image files stood for. */
export const Lock = z.strictObject({
  v: z.literal(1, 'version 1; a newer one needs a newer Slipway'),
  /** by the reference in its canonical form, paths relative to the lock file */
  images: z.record(z.string(), LockedImage).default({}),
  /** by architecture and the name of the set */
  debian: z.partialRecord(Arch, z.record(z.string(), LockedSet)).default({}),
  /** programs from npm, which Slipway itself pins, by architecture and name */
  npm: z.partialRecord(Arch, z.record(z.string(), NpmPackage)).default({}),
});
export type Lock = z.infer<typeof Lock>;

export const EMPTY_LOCK: Lock = { v: 1, images: {}, debian: {}, npm: {} };

const invalid = (fileName: string, why: string, cause?: unknown): SlipwayError =>
  new SlipwayError(
    'LOCK_INVALID',
    `${fileName}: ${why}; restore it from version control, or remove it and run slipway lock`,
    { cause, details: { file: fileName } },
  );

/**
 * @param text YAML, or JSON, which is YAML too
 * @throws {SlipwayError} LOCK_INVALID
 */
export const parseLock = (text: string, fileName: string): Lock => {
  if (Buffer.byteLength(text) > MAX_BYTES) throw invalid(fileName, `expected at most ${MAX_BYTES} bytes`);
  const document = parseDocument(text, { prettyErrors: false });
  const [fault] = [...document.errors, ...document.warnings];
  if (fault !== undefined) throw invalid(fileName, `expected YAML, found ${fault.message}`, fault);
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 0 });
  } catch (error) {
    throw invalid(fileName, `expected YAML without aliases: ${messageOf(error)}`, error);
  }
  const lock = Lock.safeParse(value);
  if (!lock.success)
    throw invalid(
      fileName,
      lock.error.issues.map(({ path, message }) => `${path.join('.') || 'the file'}: ${message}`).join('; '),
      lock.error,
    );
  return lock.data;
};

const isEmpty = (value: object): boolean => Object.keys(value).length === 0;

/** The same lock gives the same bytes: keys are sorted, nothing else is in it. */
export const formatLock = (lock: Lock): string => {
  const { v, ...parts } = lock;
  const filled = Object.fromEntries(Object.entries(parts).filter(([, value]) => !isEmpty(value)));
  return (
    '# Made by slipway lock; keep it in version control beside the image file.\n' +
    stringify({ v, ...filled }, { sortMapEntries: true, lineWidth: 0, aliasDuplicateObjects: false })
  );
};
