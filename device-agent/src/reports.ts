import type { Birth, DeviceId, ReleaseFile, SlotReport, WatchdogReport } from '@slipway/protocol';
import type { State } from './core/index.ts';
import type { Health } from './health/monitor.ts';
import { AGENT_VERSION } from './version.ts';

const slotReport = (record: State['saved']['slots']['a']): SlotReport =>
  record.state === 'EMPTY'
    ? { state: 'EMPTY' }
    : {
        state: record.state,
        release: record.ref.release,
        version: record.ref.version,
        rootHash: record.ref.rootHash,
        ...(record.state === 'FAILED' ? { code: record.code } : {}),
      };

const bootReason = (state: State, watchdog: WatchdogReport | null): Birth['bootReason'] => {
  if (watchdog?.hasReset === true) return 'watchdog';
  return state.boot !== null && state.saved.slots[state.boot.slot].state === 'TRIAL' ? 'trial' : 'ordinary';
};

export const birthOf = (
  state: State,
  deviceId: DeviceId,
  image: {
    readonly release: Pick<ReleaseFile, 'deviceClass' | 'arch'>;
    /** absent: there is only a rule */
    readonly timeZone?: string | undefined;
  },
  health: Pick<Health, 'state' | 'services'>,
  watchdog: WatchdogReport | null,
): Birth | undefined => {
  const { saved, boot } = state;
  if (boot === null) return undefined;
  return {
    v: 1,
    deviceId,
    deviceClass: image.release.deviceClass,
    arch: image.release.arch,
    bootId: boot.bootId,
    connection: saved.connection,
    agentVersion: AGENT_VERSION,
    activeSlot: boot.slot,
    slots: { a: slotReport(saved.slots.a), b: slotReport(saved.slots.b) },
    health: health.state,
    services: [...health.services],
    bootReason: bootReason(state, watchdog),
    watchdog,
    ...(image.timeZone === undefined ? {} : { timeZone: image.timeZone }),
    utcOffset: state.clock.zoneOffset,
    ...(saved.execution === null
      ? {}
      : { execution: { id: saved.execution.id, state: saved.execution.state } }),
  };
};
