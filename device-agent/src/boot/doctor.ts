import { messageOf } from '@slipway/protocol';
import type { AgentConfig } from '../config.ts';
import { Saved } from '../core/index.ts';
import { readImageFiles } from '../image-files.ts';
import { bootedSlot } from '../install/running.ts';
import { parseJson } from '../install/stored-manifest.ts';
import type { Runtime } from '../runtime/port.ts';
import { decodeRecord, newestOf } from '../state-record.ts';
import { checkDevice } from './doctor/check-device.ts';
import { checkEsp } from './doctor/check-esp.ts';
import { checkLoader } from './doctor/check-loader.ts';
import type { DoctorContext } from './doctor/context.ts';
import { readUki } from './doctor/uki-facts.ts';
import { cliEsp } from './esp.ts';
import { fault, type Finding } from './finding.ts';
import { openBoot } from './open-boot.ts';

export type ReportedFinding = Omit<Finding, 'mend'> & {
  /** what `fix` did about it */
  readonly mended?: string;
};

export type DoctorReport = {
  readonly findings: readonly ReportedFinding[];
  /** nothing is at fault, or not any more */
  readonly isWell: boolean;
};

/** The newer copy of the state, read only. */
const readState = async ({ files }: Runtime, { dataDir }: AgentConfig): Promise<Saved | undefined> => {
  const read = async (copy: string) => {
    const bytes = await files.read(`${dataDir}/state.${copy}`).catch(() => undefined);
    const record = bytes === undefined ? undefined : decodeRecord(bytes);
    const saved = record && Saved.safeParse(parseJson(new TextEncoder().encode(record.json))).data;
    return record === undefined || saved === undefined ? undefined : { ...record, saved };
  };
  return newestOf(await read('a'), await read('b')).newest?.saved;
};

const gather = async (runtime: Runtime, config: AgentConfig): Promise<DoctorContext> => {
  const image = await readImageFiles(runtime, config);
  const esp = cliEsp(runtime, config);
  const boot = openBoot(runtime, config, image.settings, esp);
  const ukiOf = async (slot: 'a' | 'b') =>
    esp.use((directory) => readUki(runtime.files, config, directory, slot));
  return {
    runtime,
    config,
    image,
    esp,
    boot,
    loader: await boot.describe(),
    active: await bootedSlot(runtime, config),
    saved: await readState(runtime, config),
    ukis: { a: await ukiOf('a'), b: await ukiOf('b') },
  };
};

/** A check that breaks is itself a finding: the others still say what they see. */
const guarded = async (
  check: string,
  look: () => Promise<readonly Finding[]>,
): Promise<readonly Finding[]> => {
  try {
    return await look();
  } catch (error) {
    return [fault(check, `could not be looked at: ${messageOf(error)}`, 'see the message')];
  }
};

const lookAtAll = async (runtime: Runtime, config: AgentConfig): Promise<readonly Finding[]> => {
  let context: DoctorContext;
  try {
    context = await gather(runtime, config);
  } catch (error) {
    return [
      fault(
        'device',
        messageOf(error),
        'see the message; where the ESP cannot be mounted, check it with fsck.vfat',
      ),
    ];
  }
  return [
    ...(await guarded('loader', async () => checkLoader(context))),
    ...(await guarded('loader', async () => context.boot.inspect())),
    ...(await guarded('esp', async () => checkEsp(context))),
    ...(await guarded('device', async () => checkDevice(context))),
  ];
};

/**
 * Explains the state of the device and, if asked to, mends what can be mended. It never touches the active slot, and
 * mends nothing of an update that is under way. It may run beside the agent or without it.
 */
export const runDoctor = async (
  { runtime, config }: { readonly runtime: Runtime; readonly config: AgentConfig },
  { fix }: { readonly fix: boolean },
): Promise<DoctorReport> => {
  const findings: ReportedFinding[] = [];
  for (const { mend, ...finding } of await lookAtAll(runtime, config)) {
    if (!fix || mend === undefined) {
      findings.push(finding);
      continue;
    }
    try {
      findings.push({ ...finding, mended: await mend() });
    } catch (error) {
      findings.push({ ...finding, advice: `could not be mended: ${messageOf(error)}` });
    }
  }
  const isWell = findings.every(({ level, mended }) => level !== 'fault' || mended !== undefined);
  return { findings, isWell };
};

const MARK = { ok: '✓', warning: '!', fault: '✗' } as const;

/** For people: a line per finding, and below it what was done or what to do. */
export const showReport = ({ findings }: DoctorReport): string =>
  findings
    .map(({ check, level, text, advice, mended }) =>
      [
        `${MARK[mended === undefined ? level : 'ok']} ${check}: ${text}\n`,
        ...(mended === undefined ? [] : [`    mended: ${mended}\n`]),
        ...(advice === undefined || mended !== undefined ? [] : [`    ${advice}\n`]),
      ].join(''),
    )
    .join('');
