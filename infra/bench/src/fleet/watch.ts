import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { totalMemory, treeCpuSeconds, treeMemory } from '../measure/pss.ts';
import { SERVERS, type Phase, type Server } from './result.ts';
import type { Servers } from './servers.ts';

const TICKS_PER_SECOND = 100;

/** Processor time that nobody used, since the machine is up. */
const idleSeconds = (): number => {
  const [idle = 0, waiting = 0] = readFileSync('/proc/stat', 'latin1')
    .split('\n', 1)
    .join()
    .trim()
    .split(/\s+/)
    .slice(4, 6)
    .map(Number);
  return (idle + waiting) / TICKS_PER_SECOND;
};

const ofEach = (of: (server: Server) => number): Record<Server, number> => ({
  gateway: of('gateway'),
  api: of('api'),
  broker: of('broker'),
  database: of('database'),
  redis: of('redis'),
});

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);

/** Looks at the servers and at the simulator. @param simulators processor time of each process of devices so far */
export const createWatch = (servers: Pick<Servers, 'pids'>, simulators: () => readonly number[]) => {
  const look = () => ({
    at: performance.now(),
    idle: idleSeconds(),
    servers: ofEach((server) => sum(servers.pids[server].map(treeCpuSeconds))),
    simulators: simulators(),
  });
  return {
    /** @returns ends the phase */
    begin: (): (() => Phase) => {
      const before = look();
      return () => {
        const after = look();
        const seconds = (after.at - before.at) / 1000;
        // A server that was started anew begins at nothing.
        const cpuSeconds = ofEach((server) =>
          after.servers[server] < before.servers[server]
            ? after.servers[server]
            : after.servers[server] - before.servers[server],
        );
        const ofSimulators = after.simulators.map((now, at) => now - (before.simulators[at] ?? 0));
        const shares: [string, number][] = [
          ...SERVERS.map((server): [string, number] => [
            server,
            cpuSeconds[server] / seconds / (server === 'gateway' ? servers.pids.gateway.length : 1),
          ]),
          ['simulator', Math.max(0, ...ofSimulators) / seconds],
        ];
        const [name, share] = shares.toSorted(([, a], [, b]) => b - a)[0] ?? ['none', 0];
        return {
          seconds,
          cpuSeconds,
          simulatorCpuSeconds: sum(ofSimulators),
          busiest: { name, share },
          machineIdle: (after.idle - before.idle) / seconds / availableParallelism(),
        };
      };
    },
    memory: (): Record<Server, number> =>
      ofEach((server) =>
        sum(
          servers.pids[server].map((pid) => {
            // Processes of the database come and go.
            for (let left = 20; left > 0; left -= 1) {
              const memory = treeMemory(pid, []);
              if (memory !== undefined) return totalMemory(memory).pssBytes;
            }
            return 0;
          }),
        ),
      ),
  };
};
export type Watch = ReturnType<typeof createWatch>;
