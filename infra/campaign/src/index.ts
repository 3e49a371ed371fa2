/**
 * Campaigns: hundreds or thousands of faults against whole virtual devices, each with its verdict. Run by
 * `npm run campaign`; nothing imports this but tests.
 */
export { runPower } from './power/run.ts';
export { Summary as PowerSummary } from './power/campaign/summary.ts';
export { runBadSlot } from './bad-slot/run.ts';
