import { EventEmitter } from 'node:events';
import { DEFAULT_TENANT, type LiveEvent, type TenantId } from '@slipway/protocol';

/** Changes of the fleet as they are committed, for whoever shows them live. Publish after the commit, never before. */
export type FleetEvents = {
  readonly publish: (event: LiveEvent) => void;
  /** @returns ends the subscription */
  readonly subscribe: (listener: (event: LiveEvent) => void) => () => void;
};

/** @param tenant whose events they are, where one does not say otherwise */
export const createFleetEvents = (tenant: TenantId = DEFAULT_TENANT): FleetEvents => {
  const emitter = new EventEmitter().setMaxListeners(0);
  return {
    publish: (event) => void emitter.emit('event', { tenant, ...event }),
    subscribe: (listener) => {
      emitter.on('event', listener);
      return () => void emitter.off('event', listener);
    },
  };
};
