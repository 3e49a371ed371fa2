import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { endOf, isThere, laterThan, nextName, readPem, replaceIn } from './key-files.ts';
import { beginRoot, ROOT_KEY, switchOffline, withKey } from './offline-keys.ts';
import { dueStep, nameOf, oneRotated, type PlanRotation } from './plan.ts';
import { releasePlaces } from './release-places.ts';

const ROOT_DAYS = 30 * 365;

/** What devices trust releases by: the next root has to be in their images before anything is signed below it. */
export const planReleaseRoot: PlanRotation = async (where) => {
  const { keyIdOf, makeReleaseTree, splitCertificates } = await import('@slipway/signing');
  const places = releasePlaces(where);
  const due = dueStep(splitCertificates(await readPem(join(places.keys, 'root.pem'))), endOf);
  const { step, first } = due;
  const rotated = (name: string, before: string, after: string) =>
    oneRotated(name, keyIdOf(before), keyIdOf(after));
  const publish = async (pem: string): Promise<void> => {
    if (!(await isThere(places.published))) return;
    await rm(places.published);
    await writeFile(places.published, pem, { flush: true });
  };
  if (due.step === 'begin')
    return {
      step: 'begin',
      consequences: [
        'The next root is made, with an intermediate and a signer below it. Images that are built from the next start on trust both roots; releases are signed as before.',
        'Build, publish and roll out a release of every class. Once all devices run one, switch.',
        'The keys of the next root and intermediate are written beside those of the present ones. Detach the medium afterwards.',
      ],
      run: async () => {
        await withKey(first, join(places.offline, ROOT_KEY));
        const next = await beginRoot(places, () =>
          makeReleaseTree(nextName(nameOf(where)), laterThan(first, ROOT_DAYS)),
        );
        const both = `${first}${next}`;
        await replaceIn(places.keys, { 'root.pem': both });
        await publish(both);
        return rotated('release-root (next)', first, next);
      },
    };
  const { second } = due;
  if (step === 'switch')
    return {
      step,
      followers: 'release-root',
      consequences: [
        'Releases that are built after the next start are signed below the next root.',
        'Devices whose image does not trust it refuse them (BUNDLE_SIGNER_UNTRUSTED): bring these first to a release that does.',
        'Releases from before stay good for devices that trust both.',
      ],
      run: async () => {
        const next = async (name: string) => readPem(join(places.next, name));
        const files = {
          'leaf.key.pem': await next('leaf.key.pem'),
          'leaf.pem': await next('leaf.pem'),
          'intermediate.pem': await next('intermediate.pem'),
          'root.pem': `${second}${first}`,
        };
        await switchOffline(places, first, second);
        await replaceIn(places.keys, files);
        await publish(files['root.pem']);
        await rm(places.next, { recursive: true });
        return rotated('release-root', first, second);
      },
    };
  return {
    step,
    followers: 'release-root',
    consequences: [
      'Images that are built from the next start on trust the present root alone; the keys of the one before are removed from the medium.',
      'Devices on such images refuse releases from before the switch: none of these can be rolled out to them.',
    ],
    run: async () => {
      // A medium that was not there at the switch is brought to where it should be.
      await switchOffline(places, second, first);
      // Before the files say that all is done: who is cut here is told to do it again.
      await rm(places.offlineFormer, { recursive: true, force: true });
      await replaceIn(places.keys, { 'root.pem': first });
      await publish(first);
      return rotated('release-root', second, first);
    },
  };
};
