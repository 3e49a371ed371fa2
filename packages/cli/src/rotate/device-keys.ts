import { join } from 'node:path';
import type { Identity } from '@slipway/signing';
import { laterThan, nextName, readPem, replaceIn } from './key-files.ts';
import { dueStep, oneRotated, type PlanRotation } from './plan.ts';
import { authorityFiles, endOfIdentity } from './server-keys.ts';

const AUTHORITY_DAYS = 20 * 365;

/** What devices are known by. Broker and server trust both while devices renew. */
export const planDeviceAuthority: PlanRotation = async ({ dataDir }) => {
  const { DEVICE_CERTIFICATE_DAYS, keyIdOf, makeDeviceAuthority, readAuthorities } =
    await import('@slipway/signing');
  const folder = join(dataDir, 'pki', 'device');
  const authorities = readAuthorities(
    await readPem(join(folder, 'ca.pem')),
    await readPem(join(folder, 'ca.key.pem')),
  );
  const due = dueStep(authorities, endOfIdentity);
  const { first } = due;
  const rotated = (before: Identity, after: Identity) =>
    oneRotated('device-authority', keyIdOf(before.certificatePem), keyIdOf(after.certificatePem));
  if (due.step === 'begin')
    return {
      step: 'switch',
      consequences: [
        'Devices that enrol or renew get certificates by the next authority from the next start on; broker and server trust both.',
        `Every device renews by itself at about half the life of its certificate, within ${Math.ceil(DEVICE_CERTIFICATE_DAYS * 0.6)} days. Once what it had before has ended for all, within ${DEVICE_CERTIFICATE_DAYS} days, finish.`,
      ],
      run: async () => {
        const next = await makeDeviceAuthority(nextName(), laterThan(first.certificatePem, AUTHORITY_DAYS));
        await replaceIn(folder, authorityFiles([next, first]));
        return rotated(first, next);
      },
    };
  const { second } = due;
  return {
    step: 'finish',
    followers: 'device-authority',
    consequences: [
      'The authority before is trusted no longer, and its key is removed.',
      'Devices that still hold a certificate by it alone connect no more and cannot renew: each needs a claim for its id.',
    ],
    run: async () => {
      await replaceIn(folder, authorityFiles([first]));
      return rotated(second, first);
    },
  };
};
