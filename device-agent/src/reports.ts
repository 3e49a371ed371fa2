import type { Birth, DeviceId, SlotReport, Telemetry } from '@slipway/protocol';
import type { AgentConfig } from './config.ts';
import type { State } from './core/index.ts';
import type { Health } from './health/monitor.ts';
import type { ImageFiles } from './image-files.ts';
import type { Runtime } from './runtime/port.ts';
import { AGENT_VERSION } from './version.ts';

const slotReport = (record: State['saved']['slots']['a']): SlotReport =>
  record.state === 'EMPTY'
    ? { state: 'EMPTY' }
    : {
        state: record.state,
        release: record.ref.release,
        version: record.ref.version,
        rootHash: record.ref.rootHash,
      };

export const birthOf = (
  state: State,
  deviceId: DeviceId,
  image: ImageFiles,
  health: Health,
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
    ...(saved.execution === null
      ? {}
      : { execution: { id: saved.execution.id, state: saved.execution.state } }),
  };
};

const numberAfter = (text: string, pattern: RegExp): number => Number(pattern.exec(text)?.[1] ?? 0);

export const telemetryOf = async (
  runtime: Runtime,
  config: AgentConfig,
  image: ImageFiles,
  health: Health,
): Promise<Telemetry> => {
  const text = async (name: string): Promise<string> =>
    new TextDecoder().decode((await runtime.files.read(`${config.procDir}/${name}`)) ?? new Uint8Array());
  const memory = await text('meminfo');
  return {
    v: 1,
    bootId: image.bootId,
    uptime: runtime.time.uptime(),
    health: health.state,
    services: [...health.services],
    memoryAvailable: numberAfter(memory, /^MemAvailable:\s+(\d+)/m) * 1024,
    memoryTotal: numberAfter(memory, /^MemTotal:\s+(\d+)/m) * 1024,
    load1: numberAfter(await text('loadavg'), /^([\d.]+)/),
  };
};
