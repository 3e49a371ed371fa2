export { fullJitter } from './backoff.ts';
export { causeOf, type Cause, type Evidence } from './cause.ts';
export {
  type ConsentAnswer,
  type Effect,
  type Event,
  type JobResult,
  type LocalInstall,
  savesTwice,
} from './event.ts';
export { type LoopFacts, mayFeed } from './feeding.ts';
export { CRASH_STARTS, type GateSight, type GateWatch, judgeGates, type Verdict } from './gates.ts';
export { afterProbe, isProbeDue, type ProbeWatch } from './probe-watch.ts';
export { type Resources, seeResources } from './resources.ts';
export {
  type BootFacts,
  BundleSource,
  type Clock,
  freshState,
  Job,
  NO_CLOCK,
  ReleaseRef,
  Saved,
  type State,
} from './state.ts';
export { askedOf } from './on-consent.ts';
export { step } from './step.ts';
