import type { SlotName } from '@slipway/protocol';
import type { Scenario } from '../record/scenario.ts';

/** What the device makes of the first start after a cut, told by who runs and what the agent says it does. */
export const VERDICTS = [
  /** the old slot, and nothing had been begun: the update begins now */
  'boots-old-idle',
  'boots-old-resumes',
  'boots-old-rearms',
  'boots-new-trial',
  /** the gates had passed, the commit is finished */
  'boots-new-commits',
  'boots-new-good',
  /** the trial was seen to have failed, the old slot says so */
  'reports-rollback',
  /** the rollback had been reported */
  'boots-old-good',
] as const;
export type Verdict = (typeof VERDICTS)[number];

const BOOT = /slipway: boot id=([0-9a-f-]{36}) slot=([ab]) version=(\S+) roothash=([0-9a-f]{64})/;

export type SeenBoot = {
  readonly slot: SlotName;
  readonly version: string;
  readonly rootHash: string;
  /** of the agent */
  readonly lines: readonly string[];
};

/** Boots that a console tells of, with what the agent said in each. */
export const bootsOf = (console: string): SeenBoot[] => {
  const boots: (SeenBoot & { lines: string[] })[] = [];
  for (const line of console.split('\n')) {
    const boot = BOOT.exec(line);
    if (boot !== null) {
      const [, , slot, version = '', rootHash = ''] = boot;
      boots.push({ slot: slot === 'b' ? 'b' : 'a', version, rootHash, lines: [] });
      continue;
    }
    const said = /slipway-agent: (.*)/.exec(line)?.[1];
    if (said !== undefined) boots.at(-1)?.lines.push(said);
  }
  return boots;
};

/** The first of these lines says what the agent has decided. */
const OLD: readonly (readonly [RegExp, Verdict])[] = [
  [/^rolled back/, 'reports-rollback'],
  [/^resuming release/, 'boots-old-resumes'],
  [/^accepted release/, 'boots-old-idle'],
  [/^armed slot|arming it again/, 'boots-old-rearms'],
];
const NEW: readonly (readonly [RegExp, Verdict])[] = [
  [/^trial boot of/, 'boots-new-trial'],
  [/^committed /, 'boots-new-commits'],
];

/** @returns undefined where no slot came up far enough to have an agent */
export const verdictOf = (console: string, scenario: Pick<Scenario, 'oldSlot'>): Verdict | undefined => {
  const first = bootsOf(console).find(({ lines }) => lines.length > 0);
  if (first === undefined) return undefined;
  const isOld = first.slot === scenario.oldSlot;
  for (const line of first.lines)
    for (const [pattern, verdict] of isOld ? OLD : NEW) if (pattern.test(line)) return verdict;
  return isOld ? 'boots-old-good' : 'boots-new-good';
};
