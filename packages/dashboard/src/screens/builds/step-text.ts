import type { Build } from '@slipway/protocol';
import { bytes } from '../../parts/numbers.ts';

/** What a build does, and how much has arrived of what it fetches. */
export const stepText = ({ step, bytes: fetched }: Pick<Build, 'step' | 'bytes'>): string =>
  fetched === undefined ? step : `${step}: ${bytes(fetched.done)} of ${bytes(fetched.total)}`;
