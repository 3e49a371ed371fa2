/** What a state means to whoever looks, whichever thing it is of. */
export type Tone = 'good' | 'busy' | 'waiting' | 'paused' | 'warning' | 'bad' | 'gone' | 'old' | 'none';

const TONES: Readonly<Record<string, Tone>> = {
  // builds, qualifications, commands
  queued: 'waiting',
  building: 'busy',
  signing: 'busy',
  succeeded: 'good',
  failed: 'bad',
  cancelled: 'gone',
  pending: 'waiting',
  running: 'busy',
  passed: 'good',
  skipped: 'gone',
  sent: 'busy',
  expired: 'bad',
  // releases
  draft: 'waiting',
  published: 'good',
  deprecated: 'old',
  withdrawn: 'gone',
  // rollouts
  scheduled: 'waiting',
  waiting: 'waiting',
  paused: 'paused',
  completed: 'good',
  aborted: 'gone',
  // devices
  active: 'good',
  online: 'good',
  offline: 'gone',
  rejected: 'bad',
  revoked: 'bad',
  decommissioned: 'gone',
  ok: 'good',
  healthy: 'good',
  starting: 'busy',
  degraded: 'warning',
  unhealthy: 'bad',
  // executions and slots
  OFFERED: 'waiting',
  ACCEPTED: 'busy',
  DEFERRED: 'paused',
  REJECTED: 'bad',
  DOWNLOADING: 'busy',
  VERIFIED: 'busy',
  INSTALLING: 'busy',
  REBOOTING: 'busy',
  TRIAL: 'busy',
  COMMITTED: 'good',
  ROLLED_BACK: 'bad',
  FAILED: 'bad',
  EMPTY: 'none',
  WRITING: 'busy',
  GOOD: 'good',
};

export const toneOfState = (state: string): Tone => TONES[state] ?? 'none';
