import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import {
  codeOf,
  IDENTITY_ESP_PATH,
  messageOf,
  SlipwayError,
  type HealthState,
  type QualificationStep,
  type QualifyJob,
  type QualifyResult,
} from '@slipway/protocol';
import { espWrite, startVm, type Vm } from '@slipway/vm';
import { executionOf, startCloud, type Cloud, type Wish } from './cloud/cloud.ts';
import { relaysTo } from './cloud/relays.ts';
import type { QualifierConfig } from './config.ts';
import { firmwareKeys } from './firmware-keys.ts';
import { DEVICE, makeIdentities, TENANT } from './identity.ts';
import { planOf } from './plan.ts';
import { processorSeconds } from './processor-time.ts';
import { timedSteps, wantedIn, wrongEnd } from './steps.ts';
import { readSubject, type Subject } from './subject.ts';

export type Qualify = {
  readonly config: Omit<QualifierConfig, 'redisUrl' | 'stalledMs'>;
  readonly job: QualifyJob;
  /** its reason is what `qualify` throws */
  readonly signal: AbortSignal;
  readonly progress: (step: QualificationStep) => void;
};

/** Of the folder of one qualification, which is removed at its end. */
export const WORK_PREFIX = 'qualification-';

/** What of a console is kept: the end says why. */
const MAX_CONSOLE_BYTES = 4 * 1024 * 1024;

const keepConsole = async (consoleLog: string, storeDir: string, release: string): Promise<void> => {
  const folder = join(storeDir, 'qualifications', release);
  await mkdir(folder, { recursive: true });
  const kept = join(folder, 'console.log');
  await using source = await open(consoleLog, 'a+');
  const { size } = await source.stat();
  const length = Math.min(size, MAX_CONSOLE_BYTES);
  const bytes = Buffer.alloc(length);
  await source.read(bytes, 0, length, size - length);
  {
    await using target = await open(`${kept}.new`, 'w');
    await target.writeFile(bytes);
    await target.sync();
  }
  await rename(`${kept}.new`, kept);
};

/** A virtual device, and the cloud it speaks with. */
type Stage = {
  readonly vm: Vm;
  readonly cloud: Cloud;
  /** @throws {SlipwayError} QUALIFICATION_TIMEOUT, VM_FAILED; the reason of the signal */
  readonly until: (step: QualificationStep, condition: () => boolean) => Promise<void>;
};

const isHealthy = (cloud: Cloud, { result }: Subject): boolean => {
  const birth = cloud.births.at(-1);
  const running = birth?.slots[birth.activeSlot];
  return running?.release === result.release && cloud.health() === ('ok' satisfies HealthState);
};

/** What came on the console after a position. */
const printedSince = (vm: Vm, position: number): string => {
  const text = vm.console();
  return text.slice(Math.max(0, position - (vm.consolePosition() - text.length)));
};

/** Waits for a condition, or for the end of an execution that should have come to something else. */
const untilEnd = async (
  { cloud, until }: Stage,
  step: QualificationStep,
  wish: Wish,
  wanted: 'COMMITTED' | 'ROLLED_BACK',
  condition: () => boolean,
): Promise<void> => {
  const wrong = () =>
    wrongEnd(
      cloud.statuses.filter(({ execution }) => execution === executionOf(wish)),
      wanted,
    );
  await until(step, () => condition() || wrong() !== undefined);
  const error = wrong();
  if (error !== undefined) throw error;
};

/**
 * Takes the new release into its trial and cuts the power there, before anything is committed, as often as the device tries
 * again: the boot loader has to come back to the release before each time, until the device gives the new one up. Then
 * the same once more, to the end.
 */
const update = async (
  stage: Stage,
  from: Subject,
  subject: Subject,
  time: (step: QualificationStep, work: () => Promise<void>) => Promise<void>,
): Promise<void> => {
  const { vm, cloud, until } = stage;
  const first: Wish = { number: 1, release: subject };
  const second: Wish = { number: 2, release: subject, retry: 1 };
  const isOnTrial = (position: number): boolean =>
    printedSince(vm, position).includes(`roothash=${subject.result.rootHash}`);
  let position = vm.consolePosition();
  await time('interrupted', async () => {
    await cloud.desire(first);
    await untilEnd(stage, 'interrupted', first, 'ROLLED_BACK', () => isOnTrial(position));
  });
  await time('rollback', async () => {
    const hasGivenUp = (): boolean => cloud.outcome(first) !== undefined;
    while (!hasGivenUp()) {
      if (isOnTrial(position)) {
        await vm.reset();
        position = vm.consolePosition();
      }
      await untilEnd(stage, 'rollback', first, 'ROLLED_BACK', () => hasGivenUp() || isOnTrial(position));
    }
    await until('rollback', () => isHealthy(cloud, from));
  });
  await time('update', async () => {
    position = vm.consolePosition();
    await cloud.desire(second);
    await untilEnd(stage, 'update', second, 'COMMITTED', () => isOnTrial(position));
  });
  await time('commit', async () => {
    await untilEnd(stage, 'commit', second, 'COMMITTED', () => cloud.outcome(second) !== undefined);
    await until('commit', () => isHealthy(cloud, subject));
  });
};

const baseFailed = (cause: unknown, release: string): SlipwayError =>
  new SlipwayError(
    'QUALIFICATION_BASE_FAILED',
    `Release ${release}, which the update starts from, did not come up: ${messageOf(cause)}`,
    { cause },
  );

/**
 * Starts a device that runs the release before, and sees whether it takes the new one, comes back from it, and keeps it.
 * What the device prints is kept, whatever comes out.
 *
 * @throws the reason of the signal; {SlipwayError} where nothing can be said of the release: TOOL_MISSING, TOOL_FAILED
 */
export const qualify = async (run: Qualify): Promise<QualifyResult> => {
  const { config, job, signal } = run;
  const { release } = job;
  const none = { v: 1, release, from: null, reason: null, code: null, message: null } as const;
  const subject = await readSubject(config.storeDir, job);
  const plan = await planOf(config, job.from, subject);
  if (plan.kind === 'skip') return { ...none, state: 'skipped', reason: plan.reason, steps: [] };

  const start = plan.kind === 'update' ? plan.from : subject;
  await mkdir(config.workDir, { recursive: true });
  const folder = await mkdtemp(join(config.workDir, WORK_PREFIX));
  const consoleLog = join(folder, 'console.log');
  const disk = join(folder, 'disk.img');
  let vm: Vm | undefined;
  const steps = timedSteps(
    () => performance.now() / 1000,
    async () => (vm === undefined ? 0 : processorSeconds(vm.pid)),
  );
  const time = (step: QualificationStep, work: () => Promise<void>): Promise<void> => {
    run.progress(step);
    return steps.time(step, work);
  };
  const found = {
    from: plan.kind === 'update' ? plan.from.result.release : null,
    reason: plan.kind === 'boot' ? plan.reason : null,
  };
  await using undo = new AsyncDisposableStack();
  undo.defer(() => rm(folder, { recursive: true, force: true }));
  undo.defer(() => keepConsole(consoleLog, config.storeDir, release));
  // A disk is mostly holes; cp keeps them, which Node's copyFile does not.
  await promisify(execFile)('cp', ['--sparse=always', '--reflink=auto', start.diskFile ?? '', disk]);
  const { authorities, device } = await makeIdentities(config);
  await espWrite(disk, IDENTITY_ESP_PATH, Buffer.from(`${JSON.stringify(device)}\n`));
  const cloud = await startCloud({
    folder: join(folder, 'cloud'),
    authorities,
    device: DEVICE,
    tenant: TENANT,
    releases: [subject],
  });
  undo.defer(() => cloud.stop());
  const ended = new AbortController();
  try {
    await time('boot', async () => {
      const { arch } = start.result;
      const keysDir = start.secureBoot ? await firmwareKeys(config, start) : undefined;
      const started = await startVm({
        arch,
        disk,
        varsFile: join(folder, 'variables.fd'),
        memoryMb: config.memoryMb,
        consoleLog,
        forwards: [],
        relays: relaysTo(cloud),
        isolated: true,
        ignoreFlush: true,
        ...(arch === 'amd64' ? { watchdog: true } : {}),
        ...(keysDir === undefined ? {} : { secureBoot: { keysDir } }),
      });
      vm = started;
      undo.defer(() => started.kill().then(() => undefined));
      void started.exited.then(({ code }) =>
        ended.abort(new SlipwayError('VM_FAILED', `QEMU ended by itself with status ${code ?? 'none'}`)),
      );
      await untilIn(
        cloud,
        config,
        signal,
        ended.signal,
      )('boot', () => isHealthy(cloud, start)).catch((error: unknown) => {
        throw plan.kind === 'update' ? baseFailed(error, plan.from.result.release) : error;
      });
    });
    if (plan.kind === 'update' && vm !== undefined) {
      const until = untilIn(cloud, config, signal, ended.signal);
      await update({ vm, cloud, until }, plan.from, subject, time);
    }
    return { ...none, ...found, state: 'passed', steps: steps.done };
  } catch (error) {
    signal.throwIfAborted();
    const code = codeOf(error);
    // Of this machine, not of the release.
    if (code === 'TOOL_MISSING' || code === 'TOOL_FAILED' || code === 'INTERNAL') throw error;
    return { ...none, ...found, state: 'failed', code, message: messageOf(error), steps: steps.done };
  }
};

const LOOK_MS = 200;

/** Waits as long as a step may take, while the machine runs and nobody says stop. */
const untilIn =
  (
    cloud: Cloud,
    { stepSeconds }: Pick<QualifierConfig, 'stepSeconds'>,
    signal: AbortSignal,
    ended: AbortSignal,
  ): Stage['until'] =>
  async (step, condition) => {
    const patience = AbortSignal.timeout(stepSeconds * 1000);
    const stop = AbortSignal.any([signal, ended, patience]);
    try {
      while (!condition()) await delay(LOOK_MS, undefined, { signal: stop });
    } catch (error) {
      signal.throwIfAborted();
      if (ended.aborted) throw ended.reason;
      if (!patience.aborted) throw error;
      const last = cloud.statuses.at(-1);
      throw new SlipwayError(
        'QUALIFICATION_TIMEOUT',
        `expected ${wantedIn(step)} within ${stepSeconds} s; the device ` +
          (cloud.births.length === 0
            ? 'has not come online'
            : `said last that it is ${cloud.health() ?? 'starting'}${last === undefined ? '' : ` and the update ${last.state}`}`),
        { cause: error },
      );
    }
  };
