import { entry, type ErrorEntry } from './entry.ts';

/** Of components and packages: found, fetched, built, locked, and put into an image. */
export const COMPONENTS = {
  COMPONENT_REF_INVALID: entry(
    65,
    400,
    'A component reference has no known form.',
    'Use the name of an image of a registry, oci:PATH, oci-archive:PATH, docker-archive:PATH, deb:NAME or dockerfile:NAME.',
  ),
  COMPONENT_NOT_FOUND: entry(
    66,
    422,
    'A component does not exist.',
    'Check the reference; build or copy the component.',
  ),
  COMPONENT_DIGEST_MISMATCH: entry(
    65,
    422,
    'The bytes of a component differ from its digest.',
    'Fetch it again; find out who changed it.',
  ),
  COMPONENT_INVALID: entry(65, 422, 'A component is not in a form Slipway reads.', 'Rebuild the component.'),
  LAYER_UNSAFE: entry(
    65,
    422,
    'A layer holds an entry that would leave the tree or needs a device node.',
    'Do not use that component.',
  ),
  DOCKERFILE_BUILDS_OFF: entry(
    77,
    422,
    'A component is built from a Dockerfile, and this machine may not run what Dockerfiles say.',
    'Run slipway build with --allow-dockerfile-builds, or give a build worker SLIPWAY_DOCKERFILE_BUILDS=on, if you trust it.',
  ),
  DOCKERFILE_INVALID: entry(
    65,
    422,
    'Stages or base images of a Dockerfile, or a pattern of .dockerignore, cannot be told.',
    'Mend the line named.',
  ),
  DOCKERFILE_BUILD_FAILED: entry(
    65,
    422,
    'A step of a Dockerfile failed.',
    'Read the last lines of its output, which the message quotes; mend the Dockerfile or what it takes.',
  ),
  DOCKERFILE_ENGINE_UNAVAILABLE: entry(
    69,
    503,
    'The engine that builds Dockerfiles cannot work here.',
    'Run as root on a machine that allows it to mount, or name a BuildKit daemon by SLIPWAY_BUILDKIT.',
  ),
  EMULATION_UNAVAILABLE: entry(
    69,
    503,
    'Programs of a foreign architecture cannot run on this machine, which RUN of a Dockerfile needs.',
    'Mount binfmt_misc and register QEMU on the machine itself, or build on a machine of that architecture.',
  ),
  PACKAGE_NOT_FOUND: entry(
    66,
    422,
    'A Debian package or one of its dependencies cannot be resolved.',
    'Check name, suite and architecture.',
  ),
  PACKAGE_FETCH_FAILED: entry(
    69,
    502,
    'A package could not be downloaded or its checksum differs.',
    'Check the mirror and try again.',
  ),
  PACKAGE_SIGNATURE_INVALID: entry(
    65,
    422,
    'A Debian archive is not signed, or not by a key of the keyring named.',
    'Check the keyring and the URI of the source; find out who changed the archive.',
  ),
  CACHE_ARCHIVE_INVALID: entry(
    65,
    422,
    'A file with a cache is damaged, or is none.',
    'Nothing of it was taken: export the cache again, and copy the file anew.',
  ),
  LOCK_INVALID: entry(
    65,
    422,
    'A lock file does not have the form of the format.',
    'Restore it from version control, or make it anew by slipway lock.',
  ),
  LOCK_STALE: entry(
    65,
    409,
    'The lock file does not know a component or package set as the image file declares it.',
    'Run slipway lock, look at what changed, and commit the lock file.',
  ),
  COMPONENT_OFFLINE: entry(
    69,
    503,
    'A component or package is not in the cache, and the network may not be used.',
    'Run once without --offline, or copy the cache.',
  ),
  OUTPUT_UNSUPPORTED: entry(
    65,
    422,
    'An output format is unknown, or the image cannot be written in it.',
    'Choose another format, or give the image what the message names.',
  ),
  ARCH_UNSUPPORTED: entry(
    65,
    422,
    'What is asked for does not exist for this architecture.',
    'Do what the message names instead; docs/architectures.md says what there is for each.',
  ),
} as const satisfies Record<string, ErrorEntry>;
