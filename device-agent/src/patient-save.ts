import { codeOf, messageOf } from '@slipway/protocol';
import { fullJitter, type Saved } from './core/index.ts';
import type { Runtime } from './runtime/port.ts';
import type { StateFile } from './state-file.ts';

const BASE_DELAY_MS = 1_000;
const MAX_DELAY_MS = 60_000;

export type PatientSaveOptions = {
  readonly runtime: Runtime;
  readonly store: Pick<StateFile, 'save'>;
  /** this is a trial boot that was not committed */
  readonly isTrial: () => boolean;
  /** seconds that a trial may go without a state that can be saved */
  readonly trialPatience: number;
  readonly signal: AbortSignal;
};

/**
 * Saves the state, however long the storage refuses: full, read-only or failing, it may come back, and a device that
 * starts its agent over and over serves nobody. Until then nothing is decided, and everything else goes on: services,
 * watchdog, health, connection. A trial that cannot even record itself gives the device back to the old slot.
 *
 * @throws what the storage said, once the signal has come
 */
export const patientSave =
  ({ runtime, store, isTrial, trialPatience, signal }: PatientSaveOptions): StateFile['save'] =>
  async (saved: Saved) => {
    const begun = runtime.time.uptime();
    for (let failures = 0; ; failures++) {
      try {
        await store.save(saved);
        if (failures > 0) runtime.log('the state is saved again');
        return;
      } catch (error) {
        if (signal.aborted) throw error;
        if (failures === 0) runtime.log(`state not saved: ${codeOf(error)}: ${messageOf(error)}; trying on`);
        if (isTrial() && runtime.time.uptime() - begun > trialPatience) {
          runtime.log('a trial that cannot save its state goes back');
          await runtime.processes.reboot();
        }
      }
      const delay = fullJitter(failures, BASE_DELAY_MS, MAX_DELAY_MS, runtime.random());
      await runtime.time.sleep(BASE_DELAY_MS + delay, signal);
    }
  };
