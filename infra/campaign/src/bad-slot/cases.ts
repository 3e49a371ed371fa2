import type { WholeChainArch, ErrorCode } from '@slipway/protocol';
import type { Fault } from './image-file.ts';
import type { Damage } from './damage.ts';

/** One way in which a new slot is bad, and what must be reported of it. */
export type BadCase = {
  readonly name: string;
  readonly what: string;
  readonly fault: Fault;
  /** done to the disk between arming and the trial boot, past every check of the agent */
  readonly damage?: Damage;
  /** only firmware with Secure Boot finds fault with it */
  readonly secureBoot?: boolean;
  readonly code: ErrorCode;
  /** named by the message, where it is a gate that failed */
  readonly message?: RegExp;
  /** whether the trial gets as far as leaving a log */
  readonly log: boolean;
};

export const CASES = [
  {
    name: 'panic',
    what: 'the kernel panics',
    fault: 'panic',
    code: 'TRIAL_PANIC',
    log: true,
  },
  {
    name: 'initramfs',
    what: 'the initramfs cannot verify its root',
    fault: 'initramfs',
    code: 'TRIAL_INITRAMFS',
    log: false,
  },
  {
    name: 'hang',
    what: 'userspace hangs before any service starts',
    fault: 'hang',
    code: 'TRIAL_WATCHDOG',
    log: true,
  },
  {
    name: 'no-network',
    what: 'the network does not come up',
    fault: 'no-network',
    code: 'TRIAL_GATE_FAILED',
    message: /broker/,
    log: true,
  },
  {
    name: 'service-crash',
    what: 'a service ends again and again',
    fault: 'service-crash',
    code: 'TRIAL_GATE_FAILED',
    message: /service:worker/,
    log: true,
  },
  {
    name: 'failing-probe',
    what: 'the application does not answer its probe',
    fault: 'failing-probe',
    code: 'TRIAL_GATE_FAILED',
    message: /probe:page/,
    log: true,
  },
  {
    name: 'corrupt-root',
    what: 'a block of the root goes bad after it was verified',
    fault: 'none',
    damage: 'flip-root-block',
    code: 'TRIAL_INITRAMFS',
    message: /dm-verity/,
    log: true,
  },
  {
    name: 'truncated-uki',
    what: 'the UKI is cut short after it was verified',
    fault: 'none',
    damage: 'truncate-uki',
    code: 'TRIAL_UKI_UNLOADABLE',
    log: false,
  },
  {
    name: 'random-uki',
    what: 'the UKI is overwritten by noise after it was verified',
    fault: 'none',
    damage: 'randomise-uki',
    code: 'TRIAL_UKI_UNLOADABLE',
    log: false,
  },
  {
    name: 'unsigned-uki',
    what: 'the UKI loses its signature, under Secure Boot',
    fault: 'none',
    damage: 'unsign-uki',
    secureBoot: true,
    code: 'TRIAL_UKI_UNLOADABLE',
    log: false,
  },
] as const satisfies readonly BadCase[];

export type CaseName = (typeof CASES)[number]['name'];
export const CASE_NAMES = CASES.map(({ name }) => name);

export const caseOf = (name: CaseName): BadCase => {
  const found = CASES.find((known) => known.name === name);
  if (found === undefined) throw new Error(`no case ${name}`);
  return found;
};

/** Where a case happens. `slot` is the one that the bad release goes into. */
export type Place = { readonly arch: WholeChainArch; readonly slot: 'a' | 'b' };
