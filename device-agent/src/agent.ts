import { messageOf, type SlotName } from '@slipway/protocol';
import { openAttendant } from './attendant.ts';
import { openEsp } from './boot/esp.ts';
import { openBoot, prepareBoot } from './boot/open-boot.ts';
import { openSession, type Session } from './channel/session.ts';
import { deviceClock, mendClock } from './clock.ts';
import type { AgentConfig } from './config.ts';
import { localControl } from './control/local-control.ts';
import { freshState, NO_CLOCK, type Event, type State } from './core/index.ts';
import { enrol } from './enrol/enrol.ts';
import { credentialsOf } from './enrol/credentials.ts';
import type { Identity } from './enrol/identity.ts';
import { keepRenewing, type RenewalState } from './enrol/renew.ts';
import { trialTraces } from './evidence/traces.ts';
import { readImageFiles } from './image-files.ts';
import { bundleFiles } from './install/bundle-file.ts';
import { installer, type InstallProgress } from './install/installer.ts';
import { bootedSlot } from './install/running.ts';
import { lineRing } from './logs/ring.ts';
import { patientSave } from './patient-save.ts';
import { birthOf } from './reports.ts';
import { finishResetIfAsked } from './reset/reset.ts';
import { runJob, type JobTools } from './run-job.ts';
import { openRunner, type RunnerOptions } from './runner.ts';
import type { Runtime } from './runtime/port.ts';
import { stateFile } from './state-file.ts';

const PROGRESS_S = 1;
/** 2024-01-01: counters that begin with the clock begin small. */
const COUNTER_EPOCH_S = 1_704_067_200;

/** How often windows and the like are looked at. */
const TICK_MS = 10_000;

/**
 * Runs the agent until `signal` comes. Everything it decides is decided by `step`; this saves each new state and then
 * carries out the effects.
 *
 * @throws {SlipwayError} CONFIG_INVALID where the image is incomplete
 */
export const runAgent = async (machine: Runtime, config: AgentConfig, signal: AbortSignal): Promise<void> => {
  const lines = lineRing();
  const runtime: Runtime = {
    ...machine,
    log: (line) => {
      lines.add(line);
      machine.log(line);
    },
  };
  const image = await readImageFiles(runtime, config);
  const esp = openEsp(runtime, config);
  const boot = openBoot(runtime, config, image.settings, esp);
  const slot = await bootedSlot(runtime, config);
  const { release, version, counter, timeFloor } = image.release;
  runtime.log(`start: ${image.release.deviceClass} ${version} in slot ${slot}, boot ${image.bootId}`);

  const { reset, provisioned } = await finishResetIfAsked({ runtime, config, esp });
  if (reset === 'restart') await runtime.processes.reboot();
  const store = stateFile(runtime, config);
  const loaded = await store.load();
  const floor = Math.max(image.release.timeFloor, loaded?.floor.time ?? 0);
  await mendClock(runtime, config, floor, loaded?.lastTime ?? 0);
  const now = (): number => Math.max(runtime.time.now(), floor);
  const initial: State = {
    saved: loaded ?? freshState(Math.max(1, now() - COUNTER_EPOCH_S)),
    boot: null,
    connected: false,
    clock: NO_CLOCK,
  };
  const traces = trialTraces(runtime, config, boot.loader);

  let session: Session | undefined;
  let identity: Identity | undefined;
  let renewal: () => RenewalState = () => undefined;
  let present = (): Identity | undefined => identity;
  let progressAt = 0;
  /** undefined: not read yet; null: it names none */
  let loaderDefault: SlotName | null | undefined;
  const isConfirmed = (): boolean => loaderDefault === null || loaderDefault === slot;

  const attendant = await openAttendant({
    runtime,
    config,
    image,
    agentLines: lines.bytes,
    now,
    state: () => runner.state(),
    running: () => runner.running(),
    isConfirmed,
    session: () => session,
    deviceId: () => identity?.deviceId,
    dispatch: async (event) => runner.dispatch(event),
    signal,
  });
  const { monitor, blocks } = attendant;
  const bundles = bundleFiles(runtime, config, image.release);
  const control = localControl({
    runtime,
    config,
    esp,
    boot,
    image,
    slot,
    bundles,
    initial: initial.saved,
    state: () => runner.state(),
    identity: () => present(),
    health: monitor.health,
    renewal: () => renewal(),
    now,
    dispatch: async (event) => runner.dispatch(event),
    restart: async () => {
      await session?.leave();
      await runtime.processes.reboot();
    },
    signal,
  });
  const save = patientSave({
    runtime,
    store,
    isTrial: () => !isConfirmed() && runner.state().saved.slots[slot].state !== 'GOOD',
    trialPatience: image.gates.deadline,
    signal,
  });
  const onProgress = (progress: InstallProgress): void => {
    control.onProgress(progress);
    const { execution } = runner.state().saved;
    const uptime = runtime.time.uptime();
    if (execution === null || uptime - progressAt < PROGRESS_S) return;
    progressAt = uptime;
    session?.send('progress', { v: 1, execution: execution.id, ...progress });
  };
  const tools: JobTools = {
    runtime,
    boot,
    traces,
    retryBaseMs: config.retryBaseMs,
    monitor,
    installer: installer({ runtime, config, esp, blocks, bundles, device: image.release, onProgress }),
    proveBroker: attendant.proveBroker,
    leave: async () => session?.leave(),
  };

  const { timeZone: rule, timeZoneName = rule === undefined ? 'UTC' : undefined } = image.settings;
  const born = { release: image.release, timeZone: timeZoneName };
  const carryOut: RunnerOptions['carryOut'] = (effect) => {
    switch (effect.kind) {
      case 'status':
        session?.send('status', effect.status);
        return;
      case 'birth': {
        const birth =
          identity === undefined
            ? undefined
            : birthOf(runner.state(), identity.deviceId, born, monitor.health(), attendant.watchdog());
        if (birth !== undefined) session?.send('birth', birth);
        return;
      }
      case 'result':
        attendant.answer(effect.result);
        return;
      case 'clearEvidence':
        // Lost where the power goes now; arming clears it once more.
        void traces.clear().catch((error: unknown) => {
          runtime.log(messageOf(error));
        });
        return;
      case 'disarm':
        void boot.disarm().catch((error: unknown) => {
          runtime.log(messageOf(error));
        });
        return;
      case 'log':
        runtime.log(effect.line);
        return;
      default:
        effect satisfies never;
    }
  };

  const onState = (state: State, event: Event): void => {
    control.saw(state.saved);
    if (event.kind === 'connected') attendant.onConnected();
  };
  const runner = openRunner({
    runtime,
    initial,
    save,
    perform: async (job, stopped) => runJob(job, tools, stopped),
    onState,
    carryOut,
  });
  const { dispatch } = runner;
  const clock = deviceClock(
    runtime,
    () => Math.max(floor, runner.state().saved.floor.time),
    rule ?? 'UTC0',
    () => attendant.link().metered,
  );

  const work = async (): Promise<void> => {
    const ref = { release, version, counter, rootHash: image.rootHash, timeFloor };
    await prepareBoot(runtime, esp, boot);
    loaderDefault = await boot.readDefault();
    await clock.refresh();
    const evidence = await traces.read();
    const uptime = runtime.time.uptime();
    await dispatch({
      kind: 'started',
      facts: { bootId: image.bootId, slot, ref, loaderDefault, uptime, evidence },
      clock: clock.read(),
    });
    const { serverCa } = image;
    const { enrolUrl } = image.settings;
    const enrolment = { runtime, config, esp, enrolUrl, serverCa, now };
    identity = await enrol({ ...enrolment, device: image.release, provisioned }, signal);
    if (identity === undefined) return;
    const credentials = await credentialsOf(enrolment, identity);
    present = credentials.identity;
    const connection = (): number => runner.state().saved.connection;
    session = openSession({
      runtime,
      identity,
      credentials,
      serverCa,
      blocks,
      dispatch,
      clock: clock.read,
      onCommand: attendant.onCommand,
      connection,
      signal,
    });
    const reconnect = (): void => session?.reconnect();
    const renewals = keepRenewing(enrolment, credentials, reconnect, signal);
    renewal = renewals.state;
    await Promise.all([session.done, renewals.done]);
  };

  const tick = async (): Promise<void> => {
    while (!signal.aborted) {
      await runtime.time.sleep(TICK_MS, signal);
      await clock.refresh();
      await dispatch({ kind: 'tick', clock: clock.read() });
    }
  };

  const stopped = Promise.withResolvers<undefined>();
  signal.addEventListener('abort', () => {
    stopped.resolve(undefined);
  });
  const never = async (work: Promise<void>): Promise<void> => {
    await work;
    await stopped.promise;
  };
  try {
    await Promise.race([
      runner.failed,
      never(work()),
      never(attendant.watch()),
      never(control.serve()),
      never(tick()),
      stopped.promise,
    ]);
  } finally {
    runner.stop();
    await session?.leave();
  }
};
