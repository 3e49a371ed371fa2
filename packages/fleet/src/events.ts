import { EventEmitter } from 'node:events';
import type { LiveEvent } from '@slipway/protocol';

/** Changes of the fleet as they are committed, for whoever shows them live. Publish after the commit, never before. */
export type FleetEvents = {
  readonly publish: (event: LiveEvent) => void;
  /** @returns ends the subscription */
  readonly subscribe: (listener: (event: LiveEvent) => void) => () => void;
};

export const createFleetEvents = (): FleetEvents => {
  const emitter = new EventEmitter().setMaxListeners(0);
  return {
    publish: (event) => void emitter.emit('event', event),
    subscribe: (listener) => {
      emitter.on('event', listener);
      return () => void emitter.off('event', listener);
    },
  };
};
