import { entry, type ErrorEntry } from './entry.ts';

/** Of image and class files, the repository that they lie in, and what starts builds of them. */
export const IMAGE_FILES = {
  SPEC_SYNTAX: entry(65, 400, 'An image or class file is not valid YAML.', 'Mend the line and column named.'),
  SPEC_INVALID: entry(
    65,
    400,
    'An image or class file has an unknown key or a wrong value.',
    'Mend the line and column named; the message lists what is allowed.',
  ),
  CLASS_UNKNOWN: entry(
    66,
    404,
    'There is no device class of that name.',
    'List the classes; add the class file.',
  ),

  SOURCE_INVALID: entry(
    65,
    409,
    'The copy of the image repository that a build is made from is not in the store, or differs from its digest.',
    'Check that the worker has the same store as the API; build again.',
  ),
  GIT_UNREACHABLE: entry(
    69,
    502,
    'A git repository cannot be fetched.',
    'Check its URL, its credentials and the network; the message quotes git.',
  ),
  GIT_PUSH_REFUSED: entry(
    77,
    409,
    'A git repository did not take a commit.',
    'Give the source credentials that may write, choose a branch that is not protected, or take the change as a patch; the message quotes git.',
  ),
  GIT_REF_UNKNOWN: entry(66, 422, 'A git repository has no such branch.', 'Name a branch that is there.'),
  HOOK_SIGNATURE_INVALID: entry(
    77,
    401,
    'A notice to a hook is not signed with its secret.',
    'Give forge or registry the secret of the trigger; find out who else sends it.',
  ),
  HOOK_PAYLOAD_INVALID: entry(
    65,
    400,
    'A notice to a hook is not of the shape that its sender has.',
    'Check that the trigger is for this forge or registry, and that it sends JSON.',
  ),
  TRIGGER_OF_CLASS_FILE: entry(
    65,
    409,
    'A trigger that a class file names is changed or deleted elsewhere.',
    'Change or remove it in the class file. On the server it can be paused, and triggers of class files can be switched off.',
  ),
  SCHEDULE_INVALID: entry(
    65,
    400,
    'A schedule or its time zone cannot be read.',
    'Give five fields (minute, hour, day of month, month, day of week) and a zone such as Europe/Berlin.',
  ),
  BUILD_CANCELLED: entry(75, 409, 'Somebody cancelled the build.', 'Start a new build if it is wanted.'),
} as const satisfies Record<string, ErrorEntry>;
