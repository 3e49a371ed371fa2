import { SlipwayError, type Assignment, type ReleaseFile } from '@slipway/protocol';
import { AGENT_VERSION } from '../version.ts';
import type { DeviceManifest } from './bundle-head.ts';

/** What a bundle must fit. */
export type Target = {
  readonly device: Pick<ReleaseFile, 'deviceClass' | 'arch'>;
  readonly release: Assignment['release'];
  /** the bundle's counter must be greater */
  readonly counterFloor: number;
};

/** Major, minor and patch; what follows does not count. */
const numbers = (version: string): readonly number[] =>
  (version.split(/[-+]/)[0] ?? '').split('.').map(Number);

const isOlder = (version: string, than: string): boolean => {
  const wanted = numbers(than);
  for (const [at, number] of numbers(version).entries()) {
    const difference = number - (wanted[at] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
};

/**
 * Whether a verified manifest is meant for this device, is what was assigned, and is newer than what was committed.
 *
 * @throws {SlipwayError} BUNDLE_CLASS_MISMATCH, BUNDLE_COUNTER_TOO_LOW, BUNDLE_AGENT_TOO_OLD, BUNDLE_MANIFEST_INVALID
 */
export const judgeManifest = (
  manifest: DeviceManifest,
  target: Target,
  agent: string = AGENT_VERSION,
): void => {
  const { device } = target;
  if (manifest.deviceClass !== device.deviceClass || manifest.arch !== device.arch) {
    throw new SlipwayError(
      'BUNDLE_CLASS_MISMATCH',
      `Expected a bundle for ${device.deviceClass} on ${device.arch}, found one for ${manifest.deviceClass} on ${manifest.arch}; assign a release of the class of the device.`,
    );
  }
  if (manifest.release !== target.release) {
    throw new SlipwayError(
      'BUNDLE_MANIFEST_INVALID',
      `Expected the bundle of ${target.release}, found that of ${manifest.release}; assign the release again.`,
    );
  }
  if (manifest.counter <= target.counterFloor) {
    throw new SlipwayError(
      'BUNDLE_COUNTER_TOO_LOW',
      `Expected a counter above ${target.counterFloor}, found ${manifest.counter}; build a new release from the older inputs.`,
    );
  }
  if (isOlder(agent, manifest.minimumAgent)) {
    throw new SlipwayError(
      'BUNDLE_AGENT_TOO_OLD',
      `Expected agent ${manifest.minimumAgent} or newer, this is ${agent}; update through an intermediate release first.`,
    );
  }
};
