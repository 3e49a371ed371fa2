import type { DeviceStatus } from '../control/device-status.ts';

const day = (seconds: number | null): string =>
  seconds === null
    ? 'unknown'
    : `${new Date(seconds * 1000).toISOString().slice(0, 16).replace('T', ' ')} UTC`;

export const percent = (progress: { readonly bytesDone: number; readonly bytesTotal: number }): string =>
  `${Math.floor((100 * progress.bytesDone) / Math.max(1, progress.bytesTotal))} %`;

const slotLine = (status: DeviceStatus, name: 'a' | 'b'): string => {
  const slot = status.slots[name];
  const marks = [
    ...(name === status.slot ? ['running'] : []),
    ...(name === status.loaderDefault ? ['default'] : []),
    ...(slot.state === 'TRIAL'
      ? [slot.armed === true ? 'armed' : 'not armed', `try ${slot.attempt ?? 1}`]
      : []),
    ...(slot.code === undefined ? [] : [slot.code]),
  ];
  const told = [slot.state, ...(slot.version === undefined ? [] : [slot.version])].join(' ');
  return marks.length === 0 ? told : `${told} (${marks.join(', ')})`;
};

const executionLine = ({ execution, outcome }: DeviceStatus): string => {
  if (execution !== null) {
    const source = execution.local ? 'from a file' : 'from the server';
    const progress = execution.progress === null ? '' : `, ${percent(execution.progress)}`;
    return `${execution.version} ${execution.state}${progress}, ${source}`;
  }
  if (outcome === null) return 'none';
  return `none; the last ended ${outcome.state}${outcome.code === null ? '' : ` with ${outcome.code}`}`;
};

const waitsRows = ({ execution }: DeviceStatus): readonly (readonly [string, string])[] => {
  if (execution?.waits == null) return [];
  const { code, message } = execution.waits;
  const answer = execution.asks ? ' Answer: slipway-agent accept, defer TIME or refuse.' : '';
  return [['waits', `${code}: ${message}${answer}`]];
};

const certificateLine = ({ certificate }: DeviceStatus): string => {
  if (certificate === null) return 'none: the device is not enrolled';
  const renewal =
    certificate.renewal === null
      ? `renewed from ${day(certificate.renewAt)}`
      : `the renewal fails: ${certificate.renewal.code}: ${certificate.renewal.message}`;
  return `good until ${day(certificate.endsAt)}, ${renewal}`;
};

/** `status` for people. */
export const showStatus = (status: DeviceStatus): string => {
  const { device, release, connection, health } = status;
  const services = health.services.map(({ name, state, starts }) => `${name} ${state} (${starts})`);
  const rows: readonly (readonly [string, string])[] = [
    ['agent', `${status.agent}, ${status.running ? 'running' : 'not running: this is what it left'}`],
    ['device', `${device.id ?? 'not enrolled'}, ${device.deviceClass} on ${device.arch}`],
    ['release', `${release.version} (counter ${release.counter})${status.trial ? ', on trial' : ''}`],
    ['slot a', slotLine(status, 'a')],
    ['slot b', slotLine(status, 'b')],
    ['install', executionLine(status)],
    ...waitsRows(status),
    ['broker', `${connection.connected ? 'connected' : 'not connected'}, ${connection.broker ?? 'none yet'}`],
    ['outbox', `${status.outbox} reports not acknowledged`],
    ['health', [health.state ?? 'unknown', ...services].join(', ')],
    ['certificate', certificateLine(status)],
  ];
  return rows.map(([name, text]) => `${name.padEnd(12)} ${text}\n`).join('');
};
