/**
 * The qualifier, a process of its own: takes a release that was built, starts the release before it in a virtual device,
 * and sees whether the device takes the new one, comes back from it, and keeps it. Jobs carry ids only; it reads the
 * artifact store, writes `qualifications/` there, and holds no key that a device of the fleet would trust for anything but
 * a cloud at the address of `cloud/addresses.ts`.
 */
export { parseQualifierConfig, type QualifierConfig } from './config.ts';
export { qualify, type Qualify } from './qualify.ts';
export { startQualifier, type RunningQualifier } from './start.ts';
