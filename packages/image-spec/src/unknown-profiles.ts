import type { SigningProfile } from '@slipway/protocol';
import { ClassFile } from './class-file.ts';
import { parseSpecDocument } from './document.ts';
import { problemAt, type Problem } from './problems.ts';

const Named = ClassFile.pick({ signing: true, alsoTrusts: true }).loose();

/**
 * Where a class file names signing profiles that are not among those of a server.
 *
 * @param text of a class file that parses
 */
export const unknownProfiles = (
  text: string,
  fileName: string,
  known: readonly SigningProfile[],
): Problem[] => {
  const doc = parseSpecDocument(text, fileName);
  const { signing, alsoTrusts } = Named.parse(doc.value);
  const named = [
    [['signing'], signing] as const,
    ...alsoTrusts.map((profile, index) => [['alsoTrusts', index], profile] as const),
  ];
  return named.flatMap(([at, profile]) =>
    known.includes(profile)
      ? []
      : [
          problemAt(
            doc,
            at,
            `expected a signing profile of this server, found ${profile}; slipway keys profile create makes others`,
            { found: profile, allowed: known },
          ),
        ],
  );
};
