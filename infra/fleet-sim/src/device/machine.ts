import type { Evidence, ReleaseRef } from '@slipway/device-agent/simulation';
import type { SlotName } from '@slipway/protocol';

/** Slots and boot loader of a device. */
export type Machine = {
  slot: SlotName;
  loaderDefault: SlotName;
  oneShot: SlotName | null;
  contents: Record<SlotName, ReleaseRef | null>;
  boots: number;
  /** what the last trial left behind */
  evidence: Evidence;
};

export const NO_EVIDENCE: Evidence = {
  trial: null,
  stages: { init: null, agent: null, fail: null },
  panic: null,
  watchdogReset: false,
  hasFirmwareVariables: true,
  log: '',
};

export const newMachine = (factory: ReleaseRef): Machine => ({
  slot: 'a',
  loaderDefault: 'a',
  oneShot: null,
  contents: { a: factory, b: null },
  boots: 0,
  evidence: NO_EVIDENCE,
});

/**
 * The one-shot, which the loader forgets, else the default. A trial that panics is over before its agent starts; the
 * default is started then.
 */
export const startMachine = (machine: Machine, panics: (trial: ReleaseRef) => boolean): void => {
  const trial = machine.oneShot;
  machine.oneShot = null;
  machine.boots += 1;
  machine.slot = trial ?? machine.loaderDefault;
  const ref = machine.contents[machine.slot];
  if (trial === null || trial === machine.loaderDefault) return;
  if (ref !== null && !panics(ref)) return;
  machine.evidence = { ...NO_EVIDENCE, panic: 'Kernel panic - not syncing: simulated' };
  machine.boots += 1;
  machine.slot = machine.loaderDefault;
};
