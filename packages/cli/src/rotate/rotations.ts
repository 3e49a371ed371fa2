import { SlipwayError, type Authority, type RotationProgress } from '@slipway/protocol';
import { planDeviceAuthority } from './device-keys.ts';
import type { PlanRotation } from './plan.ts';
import { planReleaseIntermediate, planReleaseSigner } from './release-keys.ts';
import { planReleaseRoot } from './release-root.ts';
import { planServerAuthority, planServers } from './server-keys.ts';

export { mendFolders } from './key-files.ts';
export { requireProfile } from './make-profile.ts';

export const ROTATIONS: Readonly<Record<string, PlanRotation>> = {
  'release-signer': planReleaseSigner,
  'release-intermediate': planReleaseIntermediate,
  'release-root': planReleaseRoot,
  servers: planServers,
  'server-authority': planServerAuthority,
  'device-authority': planDeviceAuthority,
};

/**
 * Whether all devices have followed, as the server counts them.
 *
 * @param progress undefined: the server could not be asked
 * @param step what is to be done
 * @throws {SlipwayError} ROTATION_TOO_EARLY
 */
export const requireFollowers = (
  purpose: Authority,
  step: string,
  progress: RotationProgress | undefined,
): void => {
  const early = (found: string, mend: string): SlipwayError =>
    new SlipwayError('ROTATION_TOO_EARLY', `${found} ${mend} --force does it all the same.`);
  if (progress === undefined)
    throw early(
      'Which devices have followed is not known: the server cannot be asked.',
      'Start the instance.',
    );
  // The device authority is worked with as soon as it is there.
  const expected = step === 'finish' ? 'switched' : 'begun';
  if (progress.step !== expected)
    throw early(
      `The server works with the ${purpose} as it was before the last step.`,
      'Restart the instance.',
    );
  const { devices, following, unknown } = progress;
  if (following === devices) return;
  throw early(
    `${devices - following} of ${devices} devices have not followed${unknown === 0 ? '' : ` (of ${unknown} it is not known)`}.`,
    purpose === 'device-authority'
      ? 'Wait until they have renewed and their certificates of before have ended; decommission those that never come back.'
      : 'Roll out a release that trusts the next one to them; decommission those that never come back.',
  );
};
