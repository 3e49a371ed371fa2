import { entry, type ErrorEntry } from './entry.ts';

/** Of releases: tried, published, and chosen by what is asked of the fleet. */
export const RELEASES = {
  RELEASE_BELOW_FLOOR: entry(
    65,
    409,
    'A release is older than the floor of a channel allows.',
    'Take a newer release, or lower the floor of the channel.',
  ),
  RELEASE_DEPRECATED: entry(
    65,
    409,
    'A deprecated release is not rolled out any more.',
    'Take a newer release, or say force.',
  ),
  QUALIFICATION_PENDING: entry(
    75,
    409,
    'A release has not been tried in a virtual device yet.',
    'Wait for its qualification, which slipway releases qualify --watch follows, or publish it with --force.',
  ),
  QUALIFICATION_FAILED: entry(
    65,
    409,
    'A release did not prove itself in a virtual device.',
    'Read the message and slipway releases console; build it anew, qualify it again, or publish it with --force.',
  ),
  QUALIFICATION_BASE_FAILED: entry(
    65,
    409,
    'The release that an update starts from did not come up in a virtual device.',
    'Read slipway releases console; qualify again, from another channel, or publish the release with --force.',
  ),
  QUALIFICATION_TIMEOUT: entry(
    75,
    409,
    'A virtual device did not get to where it should be in time.',
    'Read slipway releases console; qualify again where the machine was busy.',
  ),
  STEPPING_STONE_MISSING: entry(
    65,
    409,
    'A device has not run a release yet that it must pass through first, and that release was withdrawn.',
    'Give the channel another stepping stone, or leave the device out.',
  ),
  PACKAGES_UNKNOWN: entry(
    66,
    409,
    'What is in a release is not known: its list of contents is gone or cannot be read.',
    'Take a release whose artifacts are still there, or build it again.',
  ),
  QUERY_INVALID: entry(
    65,
    400,
    'A query of the fleet has a fault, or names what is not there.',
    'Mend it at the line and column named; docs/queries.md has the language.',
  ),
} as const satisfies Record<string, ErrorEntry>;
