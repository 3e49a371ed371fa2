import { isoTime } from './iso-time.ts';
import { readIdentity } from '../../enrol/identity.ts';
import { decodeRecord } from '../../state-record.ts';
import { fault, ok, warning, type Finding } from '../finding.ts';
import { FIX, type DoctorContext } from './context.ts';

const DAY_S = 86_400;
/** A certificate that was not renewed by now is not being renewed. */
const LATE_DAYS = 14;

/** What surrounds the slots: state, floor, clock, certificate, watchdog. */
export const checkDevice = async (context: DoctorContext): Promise<readonly Finding[]> => [
  ...(await checkState(context)),
  checkFloor(context),
  checkClock(context),
  await checkCertificate(context),
  await checkWatchdog(context),
];

const checkState = async ({ runtime, config }: DoctorContext): Promise<readonly Finding[]> => {
  const findings: Finding[] = [];
  for (const copy of ['a', 'b']) {
    const path = `${config.dataDir}/state.${copy}`;
    const check = `state-${copy}`;
    const bytes = await runtime.files.read(path).catch(() => new Uint8Array());
    const record = bytes === undefined ? undefined : decodeRecord(bytes);
    if (bytes === undefined) findings.push(ok(check, `${path} is not written yet`));
    else if (record !== undefined) findings.push(ok(check, `${path} is readable, number ${record.sequence}`));
    else {
      findings.push(
        warning(
          check,
          `${path} is damaged`,
          'the other copy holds; the agent writes this one anew. If it comes again the storage is failing',
        ),
      );
    }
  }
  return findings;
};

const checkFloor = ({ saved, image }: DoctorContext): Finding => {
  const { counter } = image.release;
  const floor = saved?.floor.counter ?? 0;
  return counter >= floor
    ? ok('floor', `releases from counter ${floor} on are installed, ${counter} runs`)
    : warning(
        'floor',
        `counter ${counter} runs, below the floor ${floor}`,
        'install a release of the present; this one was gone back to on purpose, or the state is another device’s',
      );
};

const checkClock = ({ runtime, config, saved, image }: DoctorContext): Finding => {
  const now = runtime.time.now();
  const floor = Math.max(image.release.timeFloor, saved?.floor.time ?? 0);
  if (now >= floor) return ok('clock', `${isoTime(now)}, not before ${isoTime(floor)}`);
  return fault(
    'clock',
    `${isoTime(now)}, which is before ${isoTime(floor)}: certificates may be refused`,
    config.setsClock ? `${FIX} sets it; look for the battery and for a time server` : 'set the clock',
    config.setsClock
      ? async () => {
          const { status, stderr } = await runtime.processes.run(['date', '-u', '-s', `@${floor}`]);
          if (status !== 0) throw new Error(stderr.trim());
          return `the clock is ${isoTime(floor)}`;
        }
      : undefined,
  );
};

const checkCertificate = async ({ runtime, config }: DoctorContext): Promise<Finding> => {
  const check = 'certificate';
  const identity = await readIdentity(runtime, config);
  if (identity === undefined) {
    return warning(check, 'the device has no identity yet', 'put a claim on the ESP: slipway provision');
  }
  const facts = await runtime.crypto.certificate(identity.certificate).catch(() => undefined);
  if (facts === undefined) {
    return fault(check, 'the certificate cannot be read', 'enrol again: slipway-agent reset --yes');
  }
  const { endsAt } = facts;
  const left = Math.floor((endsAt - runtime.time.now()) / DAY_S);
  const text = `of ${identity.deviceId}, until ${isoTime(endsAt)}`;
  if (left < 0) {
    return fault(
      check,
      `${text}: it has expired`,
      'check the clock and the link: it can be renewed for some time after its end; see the page on provisioning',
    );
  }
  if (left < LATE_DAYS) {
    return warning(
      check,
      `${text}: ${left} days are left`,
      'it renews at half its life; check the link to the server',
    );
  }
  return ok(check, text);
};

const checkWatchdog = async ({ runtime, config }: DoctorContext): Promise<Finding> => {
  const check = 'watchdog';
  if (!(await runtime.files.list(config.devDir)).includes('watchdog')) {
    return warning(
      check,
      'there is none: a hang ends only when somebody cuts the power',
      'add the driver of the board to the class file, or softdog',
    );
  }
  const attribute = async (name: string): Promise<string> => {
    const path = `${config.sysDir}/class/watchdog/watchdog0/${name}`;
    return new TextDecoder().decode(
      (await runtime.files.read(path).catch(() => undefined)) ?? new Uint8Array(),
    );
  };
  const [identity, timeout] = [(await attribute('identity')).trim(), (await attribute('timeout')).trim()];
  return ok(check, `${identity || 'unknown'}, ${timeout || '?'} s`);
};
