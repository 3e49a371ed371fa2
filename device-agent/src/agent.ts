import { openAttendant } from './attendant.ts';
import { openEsp } from './boot/esp.ts';
import { openBoot, prepareBoot } from './boot/open-boot.ts';
import { openSession, type Session } from './channel/session.ts';
import type { AgentConfig } from './config.ts';
import { freshState, step, type Effect, type Event, type Job, type State } from './core/index.ts';
import { enrol } from './enrol/enrol.ts';
import { credentialsOf } from './enrol/credentials.ts';
import type { Identity } from './enrol/identity.ts';
import { keepRenewing } from './enrol/renew.ts';
import { readImageFiles, type ImageFiles } from './image-files.ts';
import { installer, type InstallProgress } from './install/installer.ts';
import { bootedSlot } from './install/running.ts';
import { lineRing } from './logs/ring.ts';
import { birthOf } from './reports.ts';
import { runJob, type JobTools } from './run-job.ts';
import type { Runtime } from './runtime/port.ts';
import { stateFile } from './state-file.ts';

const PROGRESS_S = 1;
/** 2024-01-01: counters that begin with the clock begin small. */
const COUNTER_EPOCH_S = 1_704_067_200;

/** A clock that lost its battery is set to the time the image vouches for, so that certificates can be judged. */
const mendClock = async (runtime: Runtime, config: AgentConfig, { release }: ImageFiles): Promise<void> => {
  if (!config.setsClock || runtime.time.now() >= release.timeFloor) return;
  await runtime.processes.run(['date', '-u', '-s', `@${release.timeFloor}`]);
  runtime.log('clock set to the time floor of the release');
};

/**
 * Runs the agent until `signal` comes. Everything it decides is decided by `step`; this saves each new state and then
 * carries out the effects.
 *
 * @throws where state cannot be saved: init starts the agent again, and it goes on from the last saved state
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
  await mendClock(runtime, config, image);
  const now = (): number => Math.max(runtime.time.now(), image.release.timeFloor);
  const esp = openEsp(runtime, config);
  const boot = openBoot(runtime, config, image.settings, esp);
  const slot = await bootedSlot(runtime, config);
  const { release, version, counter, timeFloor } = image.release;
  runtime.log(`start: ${image.release.deviceClass} ${version} in slot ${slot}, boot ${image.bootId}`);

  const store = stateFile(runtime, config);
  const loaded = await store.load();
  let state: State = {
    saved: loaded ?? freshState(Math.max(1, now() - COUNTER_EPOCH_S)),
    boot: null,
    connected: false,
  };

  const failure = Promise.withResolvers<never>();
  let session: Session | undefined;
  let identity: Identity | undefined;
  let progressAt = 0;
  let running:
    { readonly job: Job; readonly since: number; readonly controller: AbortController } | undefined;

  const attendant = await openAttendant({
    runtime,
    config,
    image,
    agentLines: lines.bytes,
    now,
    state: () => state,
    running: () => running,
    session: () => session,
    deviceId: () => identity?.deviceId,
    dispatch: async (event) => dispatch(event),
    signal,
  });
  const { monitor, blocks } = attendant;
  const onProgress = (progress: InstallProgress): void => {
    const { execution } = state.saved;
    const uptime = runtime.time.uptime();
    if (execution === null || uptime - progressAt < PROGRESS_S) return;
    progressAt = uptime;
    session?.send('progress', { v: 1, execution: execution.id, ...progress });
  };
  const tools: JobTools = {
    runtime,
    boot,
    monitor,
    installer: installer({ runtime, config, esp, blocks, device: image.release, onProgress }),
    proveBroker: attendant.proveBroker,
    leave: async () => session?.leave(),
  };

  const stop = (): void => {
    running?.controller.abort(new Error('the job was stopped'));
    running = undefined;
  };

  const start = (job: Job): void => {
    stop();
    const mine = { job, since: runtime.time.uptime(), controller: new AbortController() };
    running = mine;
    void runJob(job, tools, mine.controller.signal).then(async (result) => {
      mine.controller.abort(new Error('the job is over'));
      if (running === mine) running = undefined;
      if (result !== undefined) await dispatch({ kind: 'job', id: job.id, result });
    });
  };

  const carryOut = (effect: Effect): void => {
    switch (effect.kind) {
      case 'run':
        start(effect.job);
        return;
      case 'stop':
        stop();
        return;
      case 'status':
        session?.send('status', effect.status);
        return;
      case 'birth': {
        const birth =
          identity === undefined
            ? undefined
            : birthOf(state, identity.deviceId, image, monitor.health(), attendant.watchdog());
        if (birth !== undefined) session?.send('birth', birth);
        return;
      }
      case 'result':
        attendant.answer(effect.result);
        return;
      case 'log':
        runtime.log(effect.line);
        return;
      default:
        effect satisfies never;
    }
  };

  const handle = async (event: Event): Promise<void> => {
    const [next, effects] = step(state, event);
    if (next.saved !== state.saved) await store.save(next.saved);
    state = next;
    for (const effect of effects) carryOut(effect);
    if (event.kind === 'connected') attendant.onConnected();
  };
  let queue: Promise<void> = Promise.resolve();
  const dispatch = async (event: Event): Promise<void> => {
    queue = queue.then(async () => handle(event));
    queue.catch((error: unknown) => {
      failure.reject(error);
    });
    return queue;
  };

  const work = async (): Promise<void> => {
    const ref = { release, version, counter, rootHash: image.rootHash, timeFloor };
    await prepareBoot(runtime, esp, boot);
    const loaderDefault = await boot.readDefault();
    await dispatch({
      kind: 'started',
      facts: { bootId: image.bootId, slot, ref, loaderDefault, uptime: runtime.time.uptime() },
    });
    const { serverCa } = image;
    const { enrolUrl } = image.settings;
    const enrolment = { runtime, config, esp, enrolUrl, serverCa, now };
    identity = await enrol({ ...enrolment, device: image.release }, signal);
    if (identity === undefined) return;
    const credentials = await credentialsOf(enrolment, identity);
    const connection = (): number => state.saved.connection;
    session = openSession({
      runtime,
      identity,
      credentials,
      serverCa,
      blocks,
      dispatch,
      onCommand: attendant.onCommand,
      connection,
      signal,
    });
    const reconnect = (): void => session?.reconnect();
    const renewals = keepRenewing(enrolment, credentials, reconnect, signal);
    await Promise.all([session.done, renewals.done]);
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
    await Promise.race([failure.promise, never(work()), never(attendant.watch()), stopped.promise]);
  } finally {
    stop();
    await session?.leave();
  }
};
