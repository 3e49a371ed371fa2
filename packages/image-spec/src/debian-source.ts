import { z } from 'zod';

/** As snapshot.debian.org writes a moment. */
export const SNAPSHOT = /^\d{8}T\d{6}Z$/;

const ARCHIVE_URI = /^(?:https?:\/\/|file:\/)[^\s'"<>\\]+$/;

const archiveUri = z
  .string()
  .regex(ARCHIVE_URI, 'the http, https or file URI of a Debian archive, which may hold ${snapshot}');

/**
 * An archive that Debian packages come from, and the suites that apt may choose from. Nothing else is asked: what the
 * building machine has for itself does not count once an image file says this.
 */
export const DebianSource = z
  .strictObject({
    suites: z
      .array(
        z
          .string()
          .regex(
            /^[a-z0-9](?:[a-z0-9._/-]*[a-z0-9])?$/i,
            'the name of a suite, such as trixie or trixie-security',
          ),
      )
      .min(1, 'at least one suite')
      .describe('Suites that apt may choose from, such as trixie.'),
    components: z
      .array(z.string().regex(/^[a-z0-9][a-z0-9+._/-]*$/i, 'the name of a component, such as main'))
      .min(1, 'at least one component')
      .default(['main'])
      .describe('Components of the suites.'),
    /**
     * absent: Debian's own archive, that of security updates for `…-security`, at the moment of `snapshot` if one is
     * named; `${snapshot}` stands for that moment
     */
    uri: archiveUri
      .optional()
      .describe(
        "The archive; by default Debian's own. ${snapshot} in it stands for the moment of `snapshot`.",
      ),
    /** the archive as it was then, such as `20261101T000000Z`: the same packages for as long as it is kept */
    snapshot: z
      .string()
      .regex(SNAPSHOT, 'a moment as snapshot.debian.org writes it, such as "20261101T000000Z"')
      .optional()
      .describe('The archive as it was at this moment.'),
    /** where packages of a lock file are looked for once `uri` has newer ones instead */
    fallback: archiveUri
      .optional()
      .describe('Where packages of a lock file are looked for once `uri` has newer ones.'),
    /** keys that must have signed it, relative to the image file; absent: those of Debian */
    keyring: z
      .string()
      .min(1)
      .optional()
      .describe("Keys that must have signed it, relative to the image file; by default Debian's."),
  })
  .meta({ id: 'debianSource', description: 'An archive that Debian packages come from.' });
export type DebianSource = z.infer<typeof DebianSource>;

/** What packages' own scripts would make, and Slipway makes by a rule instead; docs/debian.md tells each. */
export const GENERATE_RULES = ['ca-certificates', 'ld-cache', 'shells', 'users'] as const;
export type GenerateRule = (typeof GENERATE_RULES)[number];
