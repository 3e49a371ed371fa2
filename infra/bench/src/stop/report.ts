import type { ProcessMeasure, StopBench } from './result.ts';

const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;
const processOf = ({ cpuSeconds, cpuSecondsBefore, peakBytes }: ProcessMeasure): string =>
  `${cpuSeconds.toFixed(1)} s of a processor for the stop, ${cpuSecondsBefore.toFixed(0)} s before; at most ${(peakBytes / 1e6).toFixed(0)} MB`;

export const renderStop = ({ devices, before, stop, gateway, broker }: StopBench): string =>
  [
    `${devices} devices, connected in ${before.connectSeconds.toFixed(0)} s, offered and served in ${before.offerSeconds.toFixed(0)} s, ` +
      `${before.blocksPerSecond.toFixed(0)} blocks of ${before.blockBytes / 1024} KiB a second`,
    '',
    `halted in the database        ${seconds(stop.haltedMs)}`,
    `last block given out          ${seconds(stop.lastBlockMs)}`,
    `last offer taken back         ${seconds(stop.withdrawnMs)}`,
    `every device refused a block  ${seconds(stop.refusedMs)}`,
    `said to be over               ${seconds(stop.toldMs)}`,
    '',
    `gateway  ${processOf(gateway)}`,
    `broker   ${processOf(broker)}`,
  ].join('\n');
