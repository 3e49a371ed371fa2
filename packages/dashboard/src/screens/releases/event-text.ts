import type { ReleaseEvent } from '@slipway/protocol';
import type { Tone } from '../../parts/states.ts';

type Told = { readonly title: string; readonly tone: Tone };

const TOLD: Record<Exclude<ReleaseEvent['what'], 'qualified'>, readonly [title: string, tone: Tone]> = {
  signed: ['Built and signed', 'good'],
  'qualification-asked': ['Asked to prove itself again', 'waiting'],
  published: ['Published', 'good'],
  deprecated: ['Deprecated', 'old'],
  withdrawn: ['Withdrawn', 'gone'],
  'channel-published': ['Published to', 'good'],
  'channel-withdrawn': ['Taken from', 'gone'],
};

const qualified = (outcome = 'ended'): Told => ({
  title: `Qualification ${outcome}`,
  tone: outcome === 'passed' ? 'good' : outcome === 'failed' ? 'bad' : 'gone',
});

/** What happened to a release, in words. */
export const eventText = ({ what, channel, forced, outcome }: ReleaseEvent): Told => {
  if (what === 'qualified') return qualified(outcome);
  const [begin, tone] = TOLD[what];
  const force = forced === true ? 'by force, although it had not proven itself' : '';
  return { title: [begin, channel ?? '', force].filter((part) => part !== '').join(' '), tone };
};
