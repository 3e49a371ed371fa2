import { devicesBehindProfile, hasOtherProfile, type Database } from '@slipway/fleet';
import { SlipwayError, type ClassName, type SigningProfile } from '@slipway/protocol';
import type { SigningProfiles } from './signing-profiles.ts';

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
