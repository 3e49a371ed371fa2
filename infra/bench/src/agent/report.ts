import type { AgentBench, Memory, Ours } from './result.ts';

const mb = (bytes: number): string => (bytes / 1e6).toFixed(1);
const COLUMNS = [26, 12, 16, 16, 14, 16];
const line = (...cells: readonly string[]): string =>
  cells
    .map((cell, column) => cell.padEnd(COLUMNS[column] ?? 0))
    .join('')
    .trimEnd();

const names = ({ processes }: Memory): string =>
  processes.map(({ name, pssBytes }) => `${name} ${mb(pssBytes)}`).join(' + ');

const oursLine = (ours: Ours): string =>
  line(
    `slipway-agent, ${ours.runtime}`,
    mb(ours.idle.pssBytes),
    mb(ours.idle.anonymousBytes),
    mb(ours.installing.pssBytes),
    ours.readyCpuSeconds.toFixed(2),
    ours.installCpuSeconds.toFixed(1),
  );

export const renderAgentBench = ({ ours, peers, goals, ratios }: AgentBench): string =>
  [
    line('', 'idle MB', 'anonymous MB', 'installing MB', 'ready CPU s', 'install CPU s'),
    ...ours.map(oursLine),
    line('goal', mb(goals.idlePssBytes), '', mb(goals.installingPssBytes), goals.readyCpuSeconds.toFixed(2)),
    ...peers.map(({ name, version, idle }) =>
      line(`${name} ${version.split('-')[0] ?? ''}`, mb(idle.pssBytes), mb(idle.anonymousBytes)),
    ),
    '',
    ...ratios.map(
      ({ peer, idle, anonymous }) =>
        `idle: ${idle.toFixed(2)} of ${peer}; of its anonymous memory ${anonymous.toFixed(2)}`,
    ),
    '',
    'Memory is PSS of all processes, each program in a root of its own, so that nothing is shared with this machine.',
    'Anonymous is what of it no file stands behind: the rest are pages of programs, which the kernel drops when it needs room.',
    ...ours.map(
      (one) =>
        `${one.runtime}: idle ${names(one.idle)}; installing ${mb(one.rootBytes)} MB: ${names(one.installing)}`,
    ),
    ...peers.map(({ name, idle }) => `${name}: ${names(idle)}`),
  ].join('\n');
