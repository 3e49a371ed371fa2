import type { RolloutConsequences, RolloutFate, RolloutStage } from '@slipway/protocol';
import { counted } from '../../parts/numbers.ts';

type Effect = RolloutConsequences['steps'][number]['effects'][number];

const WHERE: Record<RolloutStage, string> = {
  open: 'not offered the release yet',
  preparing: 'under way to it',
  trial: 'on trial',
  committed: 'that run it',
  failed: 'on which it failed',
  back: 'that went back',
};

const FATE: Record<RolloutFate, string> = {
  offered: 'are offered it by and by, as waves and limits let them',
  held: 'wait until it goes on',
  left: 'will not be offered it',
  continue: 'go on to the end',
  'taken-back': 'have their offer taken back and stay on what they run',
  finish: 'finish their trial, which nobody can stop',
  'finish-then-back': 'finish their trial first, and go back where they commit',
  back: 'restart into the release before it',
  stay: 'stay as they are',
};

/** What a step does, a sentence for each lot of devices; whom nothing happens to comes last. */
export const consequenceLines = (effects: readonly Effect[]): string[] =>
  effects
    .toSorted((a, b) => Number(a.fate === 'stay') - Number(b.fate === 'stay'))
    .map(({ stage, devices, offline, fate }) => {
      const later =
        offline > 0 && (fate === 'back' || fate === 'offered')
          ? ` (${counted(offline, 'of them is', 'of them are')} offline: once they are back)`
          : '';
      return `${counted(devices, 'device')} ${WHERE[stage]} ${FATE[fate]}${later}.`;
    });
