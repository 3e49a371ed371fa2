import { otherSlot } from '@slipway/protocol';
import { fault, ok, warning, type Finding } from '../finding.ts';
import { FIX, isBusy, LATER, type DoctorContext } from './context.ts';

/** Which slot runs, which is the default, which is armed, and whether the records say the same. */
export const checkLoader = (context: DoctorContext): readonly Finding[] => [
  checkDefault(context),
  checkArmed(context),
  checkRecord(context),
];

const checkDefault = ({ active, loader, boot, saved, image }: DoctorContext): Finding => {
  const check = 'loader-default';
  const mine = saved?.slots[active];
  if (loader.default === active)
    return ok(check, `slot ${active} runs and is the default of ${loader.loader}`);
  if (mine?.state === 'TRIAL') {
    return ok(check, `slot ${active} runs on trial, slot ${loader.default ?? '-'} is the default`);
  }
  if (loader.default === null) {
    const isGood = mine?.state === 'GOOD' && mine.ref.rootHash === image.rootHash;
    return fault(
      check,
      `slot ${active} runs, and ${loader.loader} names no default: the next boot may start either slot`,
      isGood ? `${FIX} makes slot ${active} the default` : 'restart the agent: it decides from its records',
      isGood
        ? async () => {
            const said = await boot.setDefault(active);
            return `slot ${active} is the default${said === undefined ? '' : ` (${said})`}`;
          }
        : undefined,
    );
  }
  return fault(
    check,
    `slot ${active} runs although slot ${loader.default} is the default, and no trial is on record`,
    `restart the device; if slot ${active} comes up again, slot ${loader.default} does not start: install a release`,
  );
};

const checkArmed = (context: DoctorContext): Finding => {
  const check = 'trial';
  const { active, loader, boot, saved, image } = context;
  const theirs = saved?.slots[otherSlot(active)];
  if (loader.armed === null) {
    const tried = loader.tried === null ? '' : `; the last trial was of slot ${loader.tried}`;
    return ok(check, `nothing is armed${tried}`);
  }
  const isOurs = theirs?.state === 'TRIAL' && loader.armed !== active;
  if (isOurs && theirs.armedIn === image.bootId) {
    return ok(check, `slot ${loader.armed} is armed: it gets the next boot`);
  }
  return warning(
    check,
    isOurs
      ? `slot ${loader.armed} was armed in an earlier boot and never started`
      : `slot ${loader.armed} is armed, and no trial is on record`,
    isBusy(context) ? LATER : `${FIX} takes it back`,
    isBusy(context)
      ? undefined
      : async () => {
          await boot.disarm();
          return 'nothing is armed';
        },
  );
};

const checkRecord = ({ active, saved, image }: DoctorContext): Finding => {
  const check = 'slot-record';
  if (saved === undefined) {
    return warning(
      check,
      'there is no state that can be read: the default of the loader alone says which slot is good',
      'restart the agent: it begins anew with the running slot',
    );
  }
  const describe = (slot: 'a' | 'b'): string => {
    const record = saved.slots[slot];
    const what = record.state === 'EMPTY' ? '' : ` ${record.ref.version}`;
    return `slot ${slot} ${record.state}${what}${record.state === 'FAILED' ? ` (${record.code})` : ''}`;
  };
  const text = `${describe('a')}, ${describe('b')}`;
  const mine = saved.slots[active];
  const isRunning = 'ref' in mine && mine.ref.rootHash === image.rootHash;
  if (isRunning && (mine.state === 'GOOD' || mine.state === 'TRIAL')) return ok(check, text);
  return fault(
    check,
    `${text}; slot ${active} runs ${image.release.version}`,
    'restart the device: the agent records what runs',
  );
};
