import { ExecutionId, isTerminal, SlipwayError, type SlotName } from '@slipway/protocol';
import type { BootControl } from '../boot/boot-control.ts';
import type { Esp } from '../boot/esp.ts';
import type { AgentConfig } from '../config.ts';
import { askedOf, type ConsentAnswer, type Event, type Saved, type State } from '../core/index.ts';
import type { Identity } from '../enrol/identity.ts';
import type { RenewalState } from '../enrol/renew.ts';
import type { Health } from '../health/monitor.ts';
import type { ImageFiles } from '../image-files.ts';
import type { BundleFiles } from '../install/bundle-file.ts';
import type { InstallProgress } from '../install/installer.ts';
import { beginReset } from '../reset/reset.ts';
import type { Runtime } from '../runtime/port.ts';
import { deviceStatus, lastOutcome, type DeviceStatus, type Outcome } from './device-status.ts';
import type { ConsentTaken, ControlCommand } from './message.ts';
import { serveControl } from './serve.ts';

/** Time in which the command line reads the last answer before the machine goes down. */
const FAREWELL_MS = 2_000;

export type LocalControlParts = {
  readonly runtime: Runtime;
  readonly config: AgentConfig;
  readonly esp: Esp;
  readonly boot: Pick<BootControl, 'readDefault'>;
  readonly image: ImageFiles;
  readonly slot: SlotName;
  readonly bundles: BundleFiles;
  /** as it was loaded; `state` cannot be asked before the agent has started */
  readonly initial: Saved;
  readonly state: () => State;
  readonly identity: () => Identity | undefined;
  readonly health: () => Health;
  readonly renewal: () => RenewalState;
  /** seconds since 1970, never before the time floor */
  readonly now: () => number;
  /** Resolves when the state is saved. */
  readonly dispatch: (event: Event) => Promise<void>;
  /** Says goodbye to the broker and restarts the machine. */
  readonly restart: () => Promise<void>;
  readonly signal: AbortSignal;
};

/** What a person at the device sees of the agent and asks of it. */
export type LocalControl = {
  /** The state was saved. */
  readonly saw: (saved: Saved) => void;
  readonly onProgress: (progress: InstallProgress) => void;
  /** Ends with the signal. */
  readonly serve: () => Promise<void>;
};

export const localControl = (parts: LocalControlParts): LocalControl => {
  const { runtime, config, image, slot, bundles, state } = parts;
  let outcome: Outcome | null = lastOutcome(parts.initial);
  let progress: InstallProgress | undefined;

  const status = async (): Promise<DeviceStatus> => {
    const { saved, connected } = state();
    return deviceStatus({
      running: true,
      saved,
      image,
      slot,
      loaderDefault: await parts.boot.readDefault().catch(() => null),
      identity: parts.identity(),
      connected,
      health: parts.health(),
      renewal: parts.renewal(),
      progress,
      outcome,
    });
  };

  const install = async (path: string, reboot: boolean): Promise<{ execution: string; version: string }> => {
    const { execution, floor } = state().saved;
    // A file that is being read is not to be opened by another request.
    if (execution !== null && !(execution.local && execution.hold !== null)) {
      throw new SlipwayError(
        'INSTALL_BUSY',
        `Release ${execution.version} is under way (${execution.state}); wait for its outcome.`,
      );
    }
    const time = Math.max(parts.now(), floor.time);
    const found = await bundles.inspect(path, Math.max(floor.counter, image.release.counter - 1), time);
    const id = ExecutionId.parse(`exe_${randomName(runtime.random)}`);
    runtime.log(`asked to install ${found.version} from ${path}`);
    await parts.dispatch({
      kind: 'local',
      execution: id,
      ...found,
      path,
      mode: reboot ? 'install' : 'download',
    });
    // One that was held back and goes on keeps its id.
    const open = state().saved.execution;
    const goesOn = open?.bundle.digest === found.bundle.digest;
    return { execution: goesOn ? open.id : id, version: found.version };
  };

  const consent = async (wanted: ExecutionId | undefined, answer: ConsentAnswer): Promise<ConsentTaken> => {
    const { saved, boot, clock } = state();
    const asked = boot === null ? undefined : askedOf(saved, boot, clock, wanted);
    if (asked === undefined || !asked.ok) {
      const { code, message } = asked ?? { code: 'INSTALL_BUSY', message: 'The agent starts; try again.' };
      throw new SlipwayError(code, message);
    }
    const { id, version } = asked.execution;
    await parts.dispatch({ kind: 'consent', execution: id, answer });
    const { execution } = state().saved;
    return { execution: id, version, answer: answer.kind, waits: execution?.hold?.message ?? null };
  };

  const reset = async (wipeData: boolean): Promise<{ reset: true }> => {
    const { saved, boot } = state();
    if (saved.slots[slot].state === 'TRIAL' || boot === null) {
      throw new SlipwayError('INSTALL_BUSY', 'A trial boot is under way; wait for its commit or rollback.');
    }
    runtime.log(`factory reset${wipeData ? ', everything on the data partition goes' : ''}`);
    await beginReset(parts, wipeData);
    void runtime.time.sleep(FAREWELL_MS, parts.signal).then(parts.restart);
    return { reset: true };
  };

  const handle = async (command: ControlCommand): Promise<unknown> => {
    switch (command.kind) {
      case 'status':
        return status();
      case 'install':
        return install(command.path, command.reboot);
      case 'consent':
        return consent(command.execution, command.answer);
      case 'reset':
        return reset(command.wipeData);
      default:
        return command satisfies never;
    }
  };

  return {
    saw: (saved) => {
      const last = saved.outbox.findLast((known) => isTerminal(known.state));
      if (last !== undefined) outcome = lastOutcome(saved);
      if (saved.execution !== null) return;
      progress = undefined;
      void bundles.release();
    },
    onProgress: (now) => {
      progress = now;
    },
    serve: async () => {
      await serveControl(runtime, config, handle, parts.signal);
      await bundles.release();
    },
  };
};

const randomName = (random: () => number): string =>
  Array.from({ length: 16 }, () => Math.floor(random() * 36).toString(36)).join('');
