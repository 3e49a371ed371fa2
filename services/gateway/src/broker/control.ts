import type { RevocationList } from '@slipway/fleet';
import type { DeviceId } from '@slipway/protocol';

/** What a broker is asked about devices that are let out. mosquitto and EMQX each do it in their own way. */
export type BrokerControl = {
  /**
   * Lets nobody in any more who is on the list or named; who was named before and is not now may come again. Sessions
   * that are there go on. May take effect a moment after it resolves.
   */
  readonly shutOut: (list: RevocationList, out: readonly DeviceId[]) => Promise<void>;
  /** Ends the session of a device and forgets it; nothing happens where there is none. */
  readonly drop: (device: DeviceId) => Promise<void>;
};
