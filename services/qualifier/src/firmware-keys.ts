import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { DEFAULT_PROFILE } from '@slipway/protocol';
import type { QualifierConfig } from './config.ts';
import type { Subject } from './subject.ts';

type Folders = Pick<QualifierConfig, 'secureBootDir' | 'profilesDir'>;

/** What the firmware of a device with Secure Boot enrols: of its signing profile; undefined where that is not known here. */
export const firmwareKeys = async (
  { secureBootDir, profilesDir }: Folders,
  { signing }: Pick<Subject, 'signing'>,
): Promise<string | undefined> => {
  if (signing === DEFAULT_PROFILE) return secureBootDir;
  if (profilesDir === undefined) return undefined;
  const folder = join(profilesDir, signing, 'secure-boot');
  return access(folder).then(
    () => folder,
    () => undefined,
  );
};
