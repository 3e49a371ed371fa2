import { randomOf } from '../random.ts';
import type { SimOptions } from '../options.ts';
import { nothingSeen, type Acknowledged, type Seen } from '../seen.ts';
import type { Target } from '../wire/link.ts';
import { makeContext } from '../device/context.ts';
import { Device } from '../device/device.ts';

/** Devices that all live in this process. */
export type ProcessFleet = {
  readonly seen: () => Seen;
  readonly acknowledged: () => readonly Acknowledged[];
  readonly close: () => void;
};

/** Looks in a second; each is at another part of the devices, so that they do not speak all at once. */
const LOOKS = 10;
const TICK_S = 10;
/** Connections begun and not finished: more would overflow the queue of the broker, and wait a second to try again. */
const MAX_CONNECTING = 200;

const targetOf = (url: string): Pick<Target, 'host' | 'port'> => {
  const { hostname, port, protocol } = new URL(url);
  return { host: hostname, port: port === '' ? (protocol === 'mqtts:' ? 8883 : 1883) : Number(port) };
};

const makeDevices = (options: SimOptions, make: (id: Device['id'], target: Target) => Device): Device[] => {
  const plain = targetOf(options.mqttUrl);
  const { mutualTls } = options;
  const withCertificate = (mutualTls?.identities ?? []).map(({ deviceId, key, certificate }) =>
    make(deviceId, { ...targetOf(mutualTls?.url ?? ''), tls: { ca: mutualTls?.ca ?? '', key, certificate } }),
  );
  return [...options.names.map((id) => make(id, plain)), ...withCertificate];
};

/** @param part which of the processes this is: chance is another in each */
export const openFleet = (options: SimOptions, part = 0): ProcessFleet => {
  const seen = nothingSeen();
  const acknowledged: Acknowledged[] = [];
  const context = makeContext(options, seen, acknowledged, randomOf(options.seed + part));
  const devices = makeDevices(options, (id, target) => new Device(id, target, context));
  const cpuBefore = process.cpuUsage();
  let looks = 0;
  let booted = 0;
  let allowed = 0;

  const bootMore = (): void => {
    allowed = Math.min(allowed + options.connectsPerSecond / LOOKS, booted + options.connectsPerSecond);
    while (booted < devices.length && booted < allowed && booted - seen.connects < MAX_CONNECTING) {
      devices[booted]?.boot();
      booted += 1;
    }
  };

  const look = (): void => {
    bootMore();
    const second = Math.floor(looks / LOOKS);
    const { dropsPerMinute } = options.faults;
    for (let at = looks % LOOKS; at < booted; at += LOOKS) {
      const device = devices[at];
      if (device === undefined) continue;
      const isDue = (every: number): boolean => every > 0 && (at / LOOKS + second) % every < 1;
      if (isDue(options.keepaliveSeconds)) device.ping();
      if (isDue(options.telemetrySeconds)) device.tell();
      if (device.isBusy && isDue(TICK_S)) device.tick();
      if (dropsPerMinute > 0 && device.isConnected && context.random() < dropsPerMinute / 60) device.drop();
    }
    looks += 1;
  };
  const timer = setInterval(look, 1000 / LOOKS);

  return {
    seen: () => {
      const cpu = process.cpuUsage(cpuBefore);
      return {
        ...seen,
        cpuSeconds: (cpu.user + cpu.system) / 1e6,
        rssBytes: process.memoryUsage.rss(),
      };
    },
    acknowledged: () => acknowledged,
    close: () => {
      clearInterval(timer);
      for (const device of devices) device.stop();
    },
  };
};
