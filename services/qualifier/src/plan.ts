import type { QualifierConfig } from './config.ts';
import { firmwareKeys } from './firmware-keys.ts';
import { readSubject, type Ids, type Subject } from './subject.ts';

/** What is tried. */
export type Plan =
  | { readonly kind: 'update'; readonly from: Subject }
  | { readonly kind: 'boot'; readonly reason: string }
  | { readonly kind: 'skip'; readonly reason: string };

type Folders = Pick<QualifierConfig, 'storeDir' | 'secureBootDir' | 'profilesDir'>;

/**
 * @param before the release that devices run
 * @param subject the one after it
 */
export const planOf = async (config: Folders, before: Ids | undefined, subject: Subject): Promise<Plan> => {
  if (subject.secureBoot && (await firmwareKeys(config, subject)) === undefined)
    return {
      kind: 'skip',
      reason: `its class has Secure Boot, and the qualifier no keys of the signing profile ${subject.signing} to enrol: set SLIPWAY_SECURE_BOOT_DIR, and SLIPWAY_SIGNING_PROFILES for profiles other than default`,
    };
  const from =
    before === undefined ? undefined : await readSubject(config.storeDir, before).catch(() => undefined);
  const hasMoved =
    from !== undefined && from.secureBoot && subject.secureBoot && from.signing !== subject.signing;
  if (from?.diskFile !== undefined && !hasMoved) return { kind: 'update', from };
  const reason =
    before === undefined
      ? 'nothing was published before it, so it was only started'
      : hasMoved
        ? `firmware with the keys of the signing profile ${from.signing}, by which the release before is signed, starts nothing by ${subject.signing}, so it was only started, with its own keys enrolled`
        : `there is no disk image of ${before.release} any more, so it was only started`;
  if (subject.diskFile !== undefined) return { kind: 'boot', reason };
  return { kind: 'skip', reason: 'there is no disk image to start: its class has no output disk' };
};
