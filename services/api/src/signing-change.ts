import { devicesBehindProfile, hasOtherProfile, type Database } from '@slipway/fleet';
import { parseClassFile } from '@slipway/image-spec';
import { SlipwayError, type BuildRequest, type ClassName, type SigningProfile } from '@slipway/protocol';
import { rootsOf, type SigningProfiles } from './signing-profiles.ts';

type Asked = {
  readonly deviceClass: ClassName;
  readonly signing: SigningProfile;
  /** whether firmware checks signatures, too: which keys it has enrolled is not known here */
  readonly secureBoot: boolean;
};

/**
 * That no device would refuse a release of its class because another profile signs it than its image trusts.
 *
 * @throws {SlipwayError} SIGNING_PROFILE_CHANGED
 */
export const refuseChangedProfile = async (
  db: Database,
  profiles: Pick<SigningProfiles, 'keyOf'>,
  { deviceClass, signing, secureBoot }: Asked,
): Promise<void> => {
  const root = profiles.keyOf(signing);
  if (root === undefined || !(await hasOtherProfile(db, deviceClass, signing))) return;
  const behind = await devicesBehindProfile(db, deviceClass, signing, root, secureBoot);
  if (behind === 0) return;
  const mend = secureBoot
    ? `Their firmware starts only what the keys of the profile before have signed: enrol those of ${signing} on each of them, then ask again with changeSigning.`
    : `Let the profile before sign a release that trusts both (alsoTrusts: [${signing}] in the class file) and roll it out to all, or decommission those that never come back.`;
  throw new SlipwayError(
    'SIGNING_PROFILE_CHANGED',
    `Of the devices of ${deviceClass}, ${behind} would refuse what the signing profile ${signing} signs: images that do not trust it, or that are not known. ${mend} With changeSigning it is built all the same, and they are left behind.`,
    { details: { deviceClass, profile: signing, devices: behind } },
  );
};

/**
 * That what was asked for some time ago may be built as it is: no device would be left behind, and its image would trust what
 * is trusted in its class by today's keys.
 *
 * @throws {SlipwayError} SIGNING_PROFILE_UNKNOWN, SIGNING_PROFILE_CHANGED; CONFLICT where it trusts other roots
 */
export const refuseOtherKeys = async (
  db: Database,
  profiles: Pick<SigningProfiles, 'keyOf' | 'rootOf'>,
  { deviceClass, classFile, deployment }: BuildRequest,
): Promise<void> => {
  const wish = parseClassFile(classFile.text, classFile.name);
  if (rootsOf(profiles, wish) !== deployment.releaseRoot)
    throw new SlipwayError(
      'CONFLICT',
      `The roots that ${deviceClass} trusts were others when this was asked for; the same once more would give an image that trusts those. Start a new build.`,
      { details: { deviceClass, profile: wish.signing } },
    );
  await refuseChangedProfile(db, profiles, { deviceClass, ...wish });
};
