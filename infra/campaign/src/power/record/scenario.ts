import { otherSlot, type ErrorCode, type ExecutionState, type SlotName } from '@slipway/protocol';
import type { Wish } from '@slipway/qualifier/cloud';
import type { ReleaseName } from '../ground/image-file.ts';
import type { Release, Releases } from '../ground/releases.ts';

/** `commit`: 1.0.0 in slot a takes 2.0.0. `rollback`: then 2.0.0 in slot b takes 3.0.0, which fails its gates. */
export const ScenarioNames = ['commit', 'rollback'] as const;
export type ScenarioName = (typeof ScenarioNames)[number];

export type Scenario = {
  readonly name: ScenarioName;
  readonly wish: Wish;
  readonly oldSlot: SlotName;
  readonly newSlot: SlotName;
  readonly oldRelease: Release;
  readonly newRelease: Release;
  readonly expected: {
    readonly state: ExecutionState;
    readonly code?: ErrorCode;
    /** what runs in the end */
    readonly slot: SlotName;
  };
};

export const scenarioOf = (name: ScenarioName, releases: Releases): Scenario => {
  const make = (number: number, oldSlot: SlotName, from: ReleaseName, to: ReleaseName) => ({
    name,
    wish: { number, release: releases[to] },
    oldSlot,
    newSlot: otherSlot(oldSlot),
    oldRelease: releases[from],
    newRelease: releases[to],
  });
  return name === 'commit'
    ? { ...make(1, 'a', 'first', 'good'), expected: { state: 'COMMITTED', slot: 'b' } }
    : {
        ...make(2, 'b', 'good', 'bad'),
        expected: { state: 'ROLLED_BACK', code: 'TRIAL_GATE_FAILED', slot: 'b' },
      };
};
