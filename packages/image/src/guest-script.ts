import { readFileSync } from 'node:fs';

export type GuestScript = 'initramfs' | 'sysinit' | 'run-container' | 'supervise' | 'run-agent' | 'shutdown';

/** A shell script that runs on the device, from `packages/image/guest`. */
export const guestScript = (name: GuestScript): Uint8Array =>
  readFileSync(new URL(`../guest/${name}.sh`, import.meta.url));
