import { otherSlot, type SlotName } from '@slipway/protocol';
import { ukiPath } from '../boot-control.ts';
import { fault, ok, warning, type Finding } from '../finding.ts';
import { orphans, removeOrphans } from '../open-boot.ts';
import { FIX, isBusy, LATER, type DoctorContext } from './context.ts';

/** Room for directory entries and small files, as the preflight of an install asks for. */
const SLACK_BYTES = 256 * 1024;
const MIB = 1024 * 1024;
const mib = (bytes: number): string => `${(bytes / MIB).toFixed(1)} MiB`;

/** What lies on the ESP: UKIs that match their slots, nothing left over, room for the next one. */
export const checkEsp = async (context: DoctorContext): Promise<readonly Finding[]> => [
  checkActiveUki(context),
  checkInactiveUki(context),
  await checkOrphans(context),
  ...(await checkSpace(context)),
];

const checkActiveUki = ({ active, ukis, image }: DoctorContext): Finding => {
  const uki = ukis[active];
  const check = `uki-${active}`;
  const where = ukiPath(active);
  // The active slot is never touched: what is wrong with it an install into the other slot cures.
  const advice = 'install a release: it goes into the other slot; until then do not restart the device';
  if (uki.kind === 'missing') return fault(check, `${where} of the running slot is missing`, advice);
  if (uki.kind === 'unreadable') return fault(check, `${where} of the running slot: ${uki.why}`, advice);
  if (uki.rootHash !== image.rootHash) {
    return fault(check, `${where} starts ${uki.rootHash}, slot ${active} runs ${image.rootHash}`, advice);
  }
  if (!uki.isInSlot) return fault(check, `slot ${active} does not hold the root hash of ${where}`, advice);
  return ok(check, `${where} starts what runs`);
};

const checkInactiveUki = (context: DoctorContext): Finding => {
  const slot = otherSlot(context.active);
  const check = `uki-${slot}`;
  const where = ukiPath(slot);
  const uki = context.ukis[slot];
  const record = context.saved?.slots[slot];
  if (uki.kind === 'missing') {
    const isExpected = record === undefined || !(record.state === 'GOOD' || record.state === 'TRIAL');
    return isExpected
      ? ok(check, `${where} is not there: slot ${slot} cannot be chosen`)
      : warning(
          check,
          `${where} is missing although slot ${slot} is ${record.state}: there is no slot to go back to`,
          'install a release',
        );
  }
  if (uki.kind === 'present' && uki.isInSlot && record?.state !== 'EMPTY' && record?.state !== 'WRITING') {
    return ok(check, `${where} matches slot ${slot}`);
  }
  const why =
    uki.kind === 'unreadable'
      ? uki.why
      : uki.isInSlot
        ? `leads to slot ${slot}, which is ${record?.state ?? 'not on record'}`
        : `starts ${uki.rootHash}, which slot ${slot} does not hold`;
  // A slot that is the loader's default is one to come back to: it may be this look at it that failed.
  if (context.loader.default === slot) {
    return fault(
      check,
      `${where}: ${why}, and it is the default of ${context.loader.loader}`,
      'restart the device; if the default does not start, install a release',
    );
  }
  return fault(
    check,
    `${where}: ${why}: a boot of it would fail`,
    isBusy(context) ? LATER : `${FIX} removes it; slot ${context.active} is not touched`,
    isBusy(context) ? undefined : async () => removeUki(context, slot),
  );
};

const removeUki = async ({ runtime, esp, active }: DoctorContext, slot: SlotName): Promise<string> => {
  if (slot === active) throw new Error('the UKI of the running slot is never removed');
  await esp.use((directory) => runtime.files.remove(`${directory}/${ukiPath(slot)}`));
  return `${ukiPath(slot)} removed`;
};

const checkOrphans = async (context: DoctorContext): Promise<Finding> => {
  const { runtime, esp } = context;
  const check = 'esp-left-over';
  const found = await esp.use((directory) => orphans(runtime.files, directory));
  if (found.length === 0) return ok(check, 'no file is left over on the ESP');
  return warning(
    check,
    `${found.join(', ')}: left by a cut`,
    isBusy(context) ? LATER : `${FIX} removes it, and so does the agent when it starts`,
    isBusy(context)
      ? undefined
      : async () => `removed ${(await removeOrphans(runtime, esp)).join(', ') || 'nothing'}`,
  );
};

const checkSpace = async ({
  runtime,
  config,
  esp,
  active,
  ukis,
}: DoctorContext): Promise<readonly Finding[]> => {
  const sizeOf = (slot: SlotName): number => {
    const uki = ukis[slot];
    return uki.kind === 'present' ? uki.bytes : 0;
  };
  const needed = sizeOf(active) + SLACK_BYTES;
  const judge = (check: string, where: string, free: number, advice: string): Finding =>
    free >= needed
      ? ok(check, `${where}: ${mib(free)} for the next UKI`)
      : warning(
          check,
          `${where}: ${mib(free)}, a UKI like that of slot ${active} needs ${mib(needed)}`,
          advice,
        );
  // The UKI of the slot that is given up makes room.
  const onEsp = (await esp.use((directory) => runtime.files.free(directory))) + sizeOf(otherSlot(active));
  const onData = await runtime.files.free(config.dataDir);
  return [
    judge('space-esp', 'ESP', onEsp, 'remove foreign files from it'),
    judge('space-data', '/data', onData, 'remove files of the applications; installs wait until then'),
  ];
};
