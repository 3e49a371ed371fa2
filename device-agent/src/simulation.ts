/**
 * What a simulated device is made of: all of the agent that needs no machine. The core decides, the messages and how
 * they are sent are those of the agent, so a simulated device says what a real one would say.
 */
export { blockTransfer, type Blocks } from './channel/blocks.ts';
export { DELIVERY, subscriptionsOf, WILL_DELAY_S, type Delivery, type Uplink } from './channel/delivery.ts';
export { readDownlink } from './channel/downlink.ts';
export { countDrop, reconnectDelayMs } from './channel/reconnect.ts';
export { admitCommand } from './commands/admit.ts';
export {
  freshState,
  fullJitter,
  NO_CLOCK,
  step,
  type ConsentAnswer,
  type Effect,
  type Event,
  type Evidence,
  type Job,
  type JobResult,
  type ReleaseRef,
  type State,
} from './core/index.ts';
export { birthOf } from './reports.ts';
export { KEEPALIVE_S, MAX_PACKET_BYTES } from './runtime/port.ts';
