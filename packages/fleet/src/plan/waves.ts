import type { WaveState } from '@slipway/protocol';
import { sizeOf, undecidedOf } from './members.ts';
import type { Tallies } from './tallies.ts';
import { hasSucceeded } from './thresholds.ts';
import type { PlanAction, PlanRollout, PlanWave } from './types.ts';

export type WavesNow = {
  readonly actions: readonly PlanAction[];
  /** state of each by now */
  readonly states: ReadonlyMap<number, WaveState>;
  /** one was decided without as many healthy devices as it takes */
  readonly fallenShort?: { readonly wave: PlanWave; readonly reason: string };
  readonly allPassed: boolean;
};

/** Lets each wave begin once the one before it has passed. */
export const advanceWaves = (
  rollout: PlanRollout,
  waves: readonly PlanWave[],
  tallies: Tallies,
): WavesNow => {
  const states = new Map(waves.map(({ index, state }) => [index, state]));
  const actions: PlanAction[] = [];
  const set = (wave: PlanWave, state: WaveState): void => {
    if (states.get(wave.index) === state) return;
    states.set(wave.index, state);
    actions.push({ kind: 'wave', wave: wave.index, state });
  };
  for (const wave of waves) {
    let state = states.get(wave.index) ?? wave.state;
    if (state === 'passed') continue;
    if (state === 'waiting' || state === 'pending') {
      if (wave.needsAll && !rollout.isPlaced) return { actions, states, allPassed: false };
      if (wave.approval && !wave.approved) {
        set(wave, 'pending');
        return { actions, states, allPassed: false };
      }
      state = 'running';
    }
    const tally = tallies.of(wave.index);
    const isKnown = rollout.isSwept && rollout.isPlaced;
    const isDecided = isKnown && undecidedOf(tally) === 0;
    if (isKnown && hasSucceeded(wave, tally)) {
      set(wave, 'passed');
      continue;
    }
    if (!isDecided) {
      set(wave, 'running');
      return { actions, states, allPassed: false };
    }
    if (tally.soaking > 0) {
      set(wave, 'soaking');
      return { actions, states, allPassed: false };
    }
    if (wave.success !== null) {
      set(wave, state);
      const reason = `wave ${wave.index + 1} ended with ${tally.healthy} healthy of ${sizeOf(tally)} devices, too few`;
      return { actions, states, fallenShort: { wave, reason }, allPassed: false };
    }
    set(wave, 'passed');
  }
  return { actions, states, allPassed: true };
};
