import type { Acknowledged } from '@slipway/fleet-sim';
import { isTerminal, type DeviceId, type ExecutionState } from '@slipway/protocol';

/** What is known of a rollout once it is over, from the devices and from the server. */
export type Facts = {
  /** what each device comes to by the seed, whatever happens to the server */
  readonly expected: ReadonlyMap<DeviceId, ExecutionState>;
  readonly rollout: { readonly state: string; readonly version: string };
  /** reports that the server has told devices to have */
  readonly acknowledged: readonly Acknowledged[];
  /** reports that it has */
  readonly recorded: readonly Acknowledged[];
  readonly executions: readonly {
    readonly id: string;
    readonly device: DeviceId;
    readonly state: ExecutionState;
  }[];
  /** how often an execution came into a state of which there is one */
  readonly history: readonly { readonly execution: string; readonly state: string; readonly times: number }[];
  /** version that a device runs, as far as the server knows */
  readonly versions: ReadonlyMap<DeviceId, string | null>;
  /** by the devices */
  readonly seen: {
    readonly doubleInstalls: number;
    readonly doubleArms: number;
    readonly boots: number;
  };
  /** what was seen above a limit while it ran */
  readonly above: readonly string[];
};

export type Verdict = {
  /** reports that were acknowledged and are not there */
  readonly lost: readonly string[];
  /** installs, trials and executions beyond the one of each device */
  readonly doubled: readonly string[];
  /** waves, or devices under way, above their limit */
  readonly above: readonly string[];
  /** where the end is not the one without kills */
  readonly different: readonly string[];
};

/** Of one wave, as the database has it at one moment: devices under way, and devices that were ever offered the release. */
export type WaveCount = { readonly wave: number; readonly open: number; readonly begun: number };

export type Limits = {
  readonly maxInFlight: number;
  /** devices of each wave and those before it */
  readonly upTo: readonly number[];
};

/** What passes a limit: too many under way, too many in a wave, a wave that began while one before it was not through. */
export const aboveLimits = (waves: readonly WaveCount[], { maxInFlight, upTo }: Limits): string[] => {
  const above: string[] = [];
  const open = waves.reduce((sum, one) => sum + one.open, 0);
  if (open > maxInFlight) above.push(`${open} devices under way, at most ${maxInFlight} were allowed`);
  for (const { wave } of waves) {
    const before = waves.filter((one) => one.wave < wave);
    const begun = waves.filter((one) => one.wave <= wave).reduce((sum, one) => sum + one.begun, 0);
    const limit = upTo[wave] ?? 0;
    if (begun > limit) above.push(`${begun} devices up to wave ${wave}, at most ${limit} were allowed`);
    const through = before.reduce((sum, one) => sum + one.begun - one.open, 0);
    const due = upTo[wave - 1] ?? 0;
    if (through < due)
      above.push(`wave ${wave} began when ${through} of ${due} devices before it were through`);
  }
  return above;
};

const keyOf = ({ device, seq, execution, state }: Acknowledged): string =>
  `${device} ${seq} ${execution} ${state}`;

/** Boots of a device in all: the first, the trial, and the one back. */
const bootsOf = (outcome: ExecutionState): number =>
  outcome === 'ROLLED_BACK' ? 3 : outcome === 'COMMITTED' ? 2 : 1;

const doubledOf = ({ executions, history, seen, expected }: Facts): string[] => {
  const devices = executions.map(({ device }) => device);
  const boots = [...expected.values()].reduce((sum, outcome) => sum + bootsOf(outcome), 0);
  return [
    ...devices
      .filter((device, at) => devices.indexOf(device) !== at)
      .map((device) => `execution of ${device}`),
    ...history
      .filter(({ times }) => times > 1)
      .map(({ execution, state, times }) => `${execution} ${state} ${times} times`),
    ...(seen.doubleInstalls > 0 ? [`${seen.doubleInstalls} installs asked for after their outcome`] : []),
    ...(seen.doubleArms > 0 ? [`${seen.doubleArms} trials armed again`] : []),
    ...(seen.boots === boots ? [] : [`${seen.boots} boots where ${boots} were expected`]),
  ];
};

const differentOf = ({ expected, rollout, executions, versions, acknowledged }: Facts): string[] => {
  const states = new Map(executions.map(({ device, state }) => [device, state]));
  const told = new Map(
    acknowledged.filter(({ state }) => isTerminal(state)).map(({ device, state }) => [device, state]),
  );
  return [
    ...(rollout.state === 'completed' ? [] : [`the rollout is ${rollout.state}`]),
    ...[...expected].flatMap(([device, outcome]) => {
      const runsNew = versions.get(device) === rollout.version;
      return [
        ...(states.get(device) === outcome
          ? []
          : [`${device} is ${states.get(device) ?? 'in no execution'}, expected ${outcome}`]),
        ...(told.get(device) === outcome ? [] : [`${device} told of ${told.get(device) ?? 'no outcome'}`]),
        ...(runsNew === (outcome === 'COMMITTED') ? [] : [`${device} runs ${versions.get(device) ?? '-'}`]),
      ];
    }),
  ];
};

/** Compares what the devices did and were told with what the server knows, and both with what had to come of it. */
export const judgeRollout = (facts: Facts): Verdict => {
  const recorded = new Set(facts.recorded.map(keyOf));
  return {
    lost: facts.acknowledged.map(keyOf).filter((key) => !recorded.has(key)),
    doubled: doubledOf(facts),
    above: facts.above,
    different: differentOf(facts),
  };
};
