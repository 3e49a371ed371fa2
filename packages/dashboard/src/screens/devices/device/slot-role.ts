import type { Device, SlotName } from '@slipway/protocol';
import type { Tone } from '../../../parts/states.ts';

export type SlotRole = { readonly word: string; readonly tone: Tone; readonly about: string };

/** What a slot is for at the moment, from its state and from whether it is booted. */
export const slotRole = (name: SlotName, active: SlotName, slots: NonNullable<Device['slots']>): SlotRole => {
  const isActive = name === active;
  const other = slots[name === 'a' ? 'b' : 'a'];
  switch (slots[name].state) {
    case 'GOOD':
      if (isActive)
        return { word: 'confirmed', tone: 'good', about: 'What the device runs, and starts with.' };
      return other.state === 'TRIAL'
        ? { word: 'confirmed', tone: 'good', about: 'The device comes back to it unless the trial holds.' }
        : { word: 'confirmed', tone: 'good', about: 'The way back: it can be started again.' };
    case 'TRIAL':
      return isActive
        ? {
            word: 'on trial',
            tone: 'busy',
            about: 'One boot to prove itself; otherwise the device goes back.',
          }
        : { word: 'on trial', tone: 'busy', about: 'Is tried with the next start.' };
    case 'VERIFIED':
      return { word: 'verified', tone: 'waiting', about: 'Complete and checked; waits to be tried.' };
    case 'WRITING':
      return { word: 'being written', tone: 'busy', about: 'A release is on its way into it.' };
    case 'FAILED':
      return { word: 'failed', tone: 'bad', about: 'Not started again; the next update writes over it.' };
    case 'EMPTY':
      return { word: 'empty', tone: 'none', about: 'The next update is written into it.' };
    default:
      return slots[name].state satisfies never;
  }
};
