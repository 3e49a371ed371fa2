import type { Figure, FleetBench, Phase } from './result.ts';

const sum = (numbers: Readonly<Record<string, number>>): number =>
  Object.values(numbers).reduce((all, one) => all + one, 0);

const isFull = ({ busiest, machineIdle }: Phase): boolean => busiest.share > 0.9 || machineIdle < 0.1;

/** What there was least of. */
const bottleneck = ({ busiest, machineIdle }: Phase): string => {
  const name = `${busiest.name} at ${(busiest.share * 100).toFixed(0)} % of a processor`;
  if (machineIdle < 0.1)
    return `the machine was full (${(machineIdle * 100).toFixed(0)} % idle), most of it ${name}`;
  return busiest.share > 0.9 ? `${name} was full` : `nothing was full; busiest: ${name}`;
};

const PERCENT = 100;

/** The numbers that the server is held to; of devices no more are asked than the bench was told to connect. */
export const figuresOf = (measured: Omit<FleetBench, 'figures'>): Figure[] => {
  const figure = (
    name: string,
    value: number,
    unit: string,
    kind: Figure['goal']['kind'],
    goal: number,
    note = '',
  ): Figure => ({
    name,
    value,
    unit,
    goal: { kind, value: goal },
    isMet: kind === 'atLeast' ? value >= goal : value <= goal,
    note,
  });
  const { sizes, rollout, thresholds, reports, restart, rows } = measured;
  const [first, last] = [sizes[0], sizes.at(-1)];
  const unfilled = sizes.filter(({ phase }) => !isFull(phase)).at(-1);
  const figures = [
    figure(
      'devices connected and reporting',
      last?.devices ?? 0,
      'devices',
      'atLeast',
      Math.min(15_000, measured.devices),
      unfilled === last
        ? 'nothing was full'
        : `largest size at which nothing was full: ${unfilled?.devices ?? 0}`,
    ),
    figure(
      'of them with mutual TLS',
      measured.mutualTls,
      'devices',
      'atLeast',
      Math.min(2000, measured.mutualTls),
    ),
    figure('memory of all servers', sum(last?.memoryBytes ?? {}) / 1e9, 'GB', 'atMost', 1.5),
    figure(`rollout to ${rollout.devices} offered`, rollout.offeredSeconds, 's', 'atMost', 10),
    figure(
      `rollout to ${rollout.devices} settled`,
      rollout.settledSeconds,
      's',
      'atMost',
      120,
      bottleneck(rollout.phase),
    ),
    figure('installs done twice', rollout.doubleInstalls, '', 'atMost', 0),
    figure(
      'in flight beyond the limit',
      Math.max(0, thresholds.mostInFlight - thresholds.maxInFlight),
      'devices',
      'atMost',
      0,
      `${thresholds.mostInFlight} of ${thresholds.maxInFlight}`,
    ),
    figure(
      'offers after the last failure that was allowed',
      thresholds.offersAfter,
      '',
      'atMost',
      0,
      `${thresholds.failed} failed, the rollout stops at ${thresholds.failureThreshold}`,
    ),
    figure(
      'back after a restart of the broker',
      restart.seconds,
      's',
      'atMost',
      120,
      `at most ${restart.mostInASecond} in a second; ${bottleneck(restart.phase)}`,
    ),
  ];
  if (reports !== undefined)
    figures.push(
      figure(
        'reports recorded and acknowledged',
        reports.perSecond,
        '/s',
        'atLeast',
        3000,
        `half within ${reports.milliseconds.p50.toFixed(0)} ms; ${bottleneck(reports.phase)}`,
      ),
      figure(
        'acknowledged but not in the database',
        reports.acknowledged - reports.inDatabase,
        '',
        'atMost',
        0,
      ),
    );
  if (rows !== undefined)
    figures.push(
      figure(
        `worst query over ${rows.devices} devices`,
        Math.max(...rows.queries.map(({ ms }) => ms)),
        'ms',
        'atMost',
        200,
      ),
      figure(
        `worst decision of the planner over ${rows.devices} devices`,
        rows.planner.worstMs,
        'ms',
        'atMost',
        100,
        `half within ${rows.planner.medianMs.toFixed(0)} ms; ${rows.planner.offers} offers in ${rows.planner.decisions}`,
      ),
    );
  const [few, many] = [first, last].map((size) =>
    size === undefined ? 0 : sum(size.phase.cpuSeconds) / size.phase.seconds / size.devices,
  );
  figures.push(
    figure(
      'a device of the full fleet costs, by one of the smallest',
      many === undefined || few === undefined || few === 0 ? 0 : (many / few) * PERCENT,
      '%',
      'atMost',
      125,
      'processor time of all servers',
    ),
  );
  return figures;
};
