/**
 * The lock file of an image file: what its tags and package sets stood for when it was made, so that a build next year
 * takes the same bytes. Used by the CLI and the builder. A lock is trusted as much as the image file beside it; what it
 * names is checked against its digests by whoever fetches it.
 */
export { applyLock, lockedImage, lockedPackages, type LockedComponents } from './apply-lock.ts';
export { declaredDigest } from './declared.ts';
export { diffLocks, type LockChange } from './diff-locks.ts';
export { lockInputs, lockKey, mergeInputs, type LockInputs, type Place } from './inputs.ts';
export { formatLock, Lock, LOCK_FILE, parseLock } from './lock-file.ts';
export { readLock } from './read-lock.ts';
export { resolveLock, type ResolveLockOptions } from './resolve-lock.ts';
export { assertFresh, findStale, type Stale } from './staleness.ts';
