import { entry, type ErrorEntry } from './entry.ts';

/** Of builds, the disk that they write to, and what they leave. */
export const BUILDS = {
  BUILD_FAILED: entry(70, 500, 'A build ended without an image.', 'Read the log of the build.'),
  DISK_FULL: entry(
    74,
    507,
    'A file system that is written to has no room left, or a quota is used up.',
    'Free some space, by slipway cache prune for instance, or name folders on another file system.',
  ),
  NOT_WRITABLE: entry(
    73,
    422,
    'A file cannot be made where it was asked for, or where the cache is.',
    'Choose another place, or mend its permissions.',
  ),
  FILE_CHANGED: entry(
    75,
    503,
    'A source file, or a file of the cache, was changed or removed while a build needed it.',
    'Build again while nobody writes to it; if the cache is at fault, run slipway cache prune --all first.',
  ),
  ROOT_TOO_LARGE: entry(
    65,
    422,
    'The root image does not fit into the slot of the class.',
    'Raise partitions.root in the class file or remove components.',
  ),

  REPOSITORY_READ_ONLY: entry(
    73,
    409,
    'The server may not write into its image repository.',
    'Change the file where the repository is kept, or let the user of the server write there.',
  ),
  CONTENTS_INVALID: entry(
    65,
    422,
    'The list of files of a build is not the one that was built, or cannot be read.',
    'Build again; find out who writes into the artifact store.',
  ),
  SBOM_INVALID: entry(
    65,
    422,
    'A file is no CycloneDX or SPDX document in JSON, or a malformed one.',
    'Name a file that slipway build or another tool wrote as CycloneDX 1.x or SPDX 2.x JSON.',
  ),
} as const satisfies Record<string, ErrorEntry>;
