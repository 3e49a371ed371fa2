import { expect, test } from 'vitest';
import { NO_EVIDENCE } from '../fixture/world.ts';
import { causeOf, type Evidence } from './cause.ts';

const trial = { bootId: 'b', stage: 'initramfs', fail: null } as const;
const rooted = { ...trial, stage: 'root' } as const;
const stages = { init: 'b', agent: null, fail: null };
const panic = 'x\nKernel panic - not syncing: Fatal exception\ny';
const softdog = 'softdog: Initiating panic\nKernel panic - not syncing: Software Watchdog Timer expired\n';

type Row = readonly [
  what: string,
  found: Partial<Evidence> | null,
  agentStarted: boolean,
  code: string,
  kind: string,
  says: string,
];

const ROWS: readonly Row[] = [
  ['a panic', { trial: rooted, stages, panic }, false, 'TRIAL_PANIC', 'fault', 'Fatal exception'],
  ['a panic after the agent had started', { panic }, true, 'TRIAL_PANIC', 'fault', 'Fatal exception'],
  ['a panic of the soft watchdog', { panic: softdog }, true, 'TRIAL_WATCHDOG', 'fault', 'Timer expired'],
  [
    'a root whose blocks are wrong',
    { trial, panic: 'Kernel panic - not syncing: dm-verity device corrupted' },
    false,
    'TRIAL_INITRAMFS',
    'fault',
    'dm-verity',
  ],
  [
    'a root that does not mount',
    { trial: { ...trial, fail: 'root-b: root hash differs' } },
    false,
    'TRIAL_INITRAMFS',
    'fault',
    'root hash differs',
  ],
  [
    'a failure of the initramfs that a watchdog ended',
    { trial: { ...trial, fail: 'no root' }, watchdogReset: true },
    false,
    'TRIAL_INITRAMFS',
    'fault',
    'no root',
  ],
  [
    'a watchdog in the initramfs',
    { trial, watchdogReset: true },
    false,
    'TRIAL_WATCHDOG',
    'fault',
    'in the initramfs',
  ],
  [
    'a watchdog before /data',
    { trial: rooted, watchdogReset: true },
    false,
    'TRIAL_WATCHDOG',
    'fault',
    'after its root was mounted',
  ],
  [
    'a watchdog in userspace',
    { trial: rooted, stages: { init: 'b', agent: 'b', fail: null }, watchdogReset: true },
    true,
    'TRIAL_WATCHDOG',
    'fault',
    'after its agent had started',
  ],
  ['a watchdog and nothing else', { watchdogReset: true }, false, 'TRIAL_WATCHDOG', 'fault', 'watchdog'],
  [
    'an agent that does not stay up',
    { trial: rooted, stages: { init: 'b', agent: 'b', fail: 'the agent does not stay up' } },
    true,
    'TRIAL_GATE_FAILED',
    'fault',
    'does not stay up',
  ],
  ['a cut in the initramfs', { trial }, false, 'TRIAL_POWER_LOSS', 'interrupted', 'in the initramfs'],
  ['a cut in init', { trial: rooted, stages }, false, 'TRIAL_POWER_LOSS', 'interrupted', 'after /data'],
  [
    'a cut where the firmware keeps nothing',
    { stages },
    false,
    'TRIAL_POWER_LOSS',
    'interrupted',
    'after /data',
  ],
  ['a cut after the agent had saved that it runs', {}, true, 'TRIAL_POWER_LOSS', 'interrupted', 'its agent'],
  ['the same where nothing can be read', null, true, 'TRIAL_POWER_LOSS', 'interrupted', 'its agent'],
  ['no sign', {}, false, 'TRIAL_UKI_UNLOADABLE', 'unseen', 'No sign of its kernel'],
  [
    'no sign, and none could be left',
    { hasFirmwareVariables: false },
    false,
    'TRIAL_NOT_BOOTED',
    'unseen',
    'no sign',
  ],
  ['nothing that can be read', null, false, 'TRIAL_NOT_BOOTED', 'unseen', 'no sign'],
];

test.each(ROWS)('%s', (_, found, agentStarted, code, kind, says) => {
  const evidence = found === null ? null : { ...NO_EVIDENCE, ...found };
  const cause = causeOf(evidence, agentStarted);
  expect(cause).toMatchObject({ code, kind });
  expect(cause.message).toContain(says);
});
