import { readFileSync } from 'node:fs';

const INIT_SCRIPTS = [
  'confirmed',
  'is-trial',
  'loader-default',
  'run-container',
  'shutdown',
  'supervise',
  'sysinit',
  'trial-log',
  'trial-stage',
  'check-data',
  'wipe-data',
] as const;
const AGENT_SCRIPTS = ['agent', 'hold-watchdog', 'run-agent', 'slipway-agent'] as const;

export type GuestScript = (typeof INIT_SCRIPTS)[number] | (typeof AGENT_SCRIPTS)[number];

/** Those of every image; they lie in `usr/lib/slipway`. */
export const initScripts: readonly GuestScript[] = INIT_SCRIPTS;

/** A shell script that runs on the device, from `packages/image/guest`. */
export const guestScript = (name: GuestScript): Buffer =>
  readFileSync(new URL(`../guest/${name}.sh`, import.meta.url));
