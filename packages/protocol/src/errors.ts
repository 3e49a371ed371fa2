/** What an operator needs to know about one kind of failure. */
export type ErrorEntry = {
  /** What happened, in one sentence. */
  readonly meaning: string;
  /** How to mend it, in one sentence. */
  readonly mend: string;
  /** Exit status of a command that ends with it (sysexits.h where one fits). */
  readonly exit: number;
  /** HTTP status of an answer that carries it. */
  readonly http: number;
};

const entry = (exit: number, http: number, meaning: string, mend: string): ErrorEntry => ({
  meaning,
  mend,
  exit,
  http,
});

/**
 * Every error code Slipway gives, the only place where one is defined. Codes are public and stable: a code
 * is never renamed and never changes its meaning. `docs/errors.md` is written from it by `npm run docs`.
 */
export const ERRORS = {
  INTERNAL: entry(70, 500, 'A fault in Slipway itself.', 'Report it with the log around it.'),
  CONFIG_INVALID: entry(
    78,
    500,
    'A setting in the environment is missing or wrong.',
    'Mend the settings named.',
  ),
  USAGE: entry(64, 400, 'The words of a command are off.', 'See --help.'),
  TOOL_MISSING: entry(
    69,
    503,
    'A system program that is needed is not installed.',
    'Install the package named.',
  ),
  TOOL_FAILED: entry(
    70,
    500,
    'A system program ended with an error.',
    'Read its output, which the message quotes.',
  ),
  NODE_TOO_OLD: entry(
    69,
    500,
    'The program runs on a Node older than 24.',
    'Start it by npm or npx from the checkout.',
  ),

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
  REGISTRY_UNAUTHORIZED: entry(
    77,
    502,
    'A registry does not give an image with the credentials there are, or to nobody in particular.',
    'Check the name; log in with docker login or name a credential helper.',
  ),
  REGISTRY_UNREACHABLE: entry(
    69,
    502,
    'A registry or its storage does not answer, or breaks off.',
    'Check the network and the proxy; try again; configure a mirror.',
  ),
  REGISTRY_UNTRUSTED: entry(
    69,
    502,
    'The certificate of a registry is not signed by an authority that is trusted.',
    'Name the authority as ca in registries.yml.',
  ),
  REGISTRY_INSECURE: entry(
    77,
    422,
    'A registry, mirror or redirect would be spoken to without TLS beyond this machine.',
    'Give it a certificate, or reach it through a tunnel on loopback.',
  ),
  REGISTRY_RATE_LIMITED: entry(
    75,
    502,
    'A registry allows no more requests for now.',
    'Log in for a higher limit, use a mirror, or wait.',
  ),
  REGISTRIES_INVALID: entry(
    78,
    500,
    'registries.yml or a certificate that it names is not in its form.',
    'Mend the line named; the message lists what is allowed.',
  ),
  CREDENTIALS_FAILED: entry(
    77,
    502,
    'The docker config cannot be read, or a credential helper failed.',
    'Mend the file or run the helper named by hand; log in again.',
  ),
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

  BUNDLE_MALFORMED: entry(
    65,
    422,
    'A bundle is not a tar in the order that the format demands.',
    'Fetch the bundle again.',
  ),
  BUNDLE_SIGNATURE_INVALID: entry(
    65,
    422,
    'The signature of a manifest does not verify with our root.',
    'Do not install it; find out where it came from.',
  ),
  BUNDLE_SIGNER_UNTRUSTED: entry(
    65,
    422,
    'A bundle was signed by a certificate outside our tree or not made for code signing.',
    'Do not install it; find out who signed it.',
  ),
  BUNDLE_MANIFEST_INVALID: entry(
    65,
    422,
    'A signed manifest does not have the form of the format.',
    'Build and sign the release again.',
  ),
  BUNDLE_FILE_UNLISTED: entry(
    65,
    422,
    'A bundle holds a file that its manifest does not list, or lacks one.',
    'Do not install it; fetch the bundle again.',
  ),
  BUNDLE_DIGEST_MISMATCH: entry(
    65,
    422,
    'Bytes of a bundle differ from the manifest.',
    'Fetch the bundle again.',
  ),
  BUNDLE_CLASS_MISMATCH: entry(
    65,
    422,
    'A bundle is for another device class or architecture.',
    'Assign a release of the class of the device.',
  ),
  BUNDLE_COUNTER_TOO_LOW: entry(
    65,
    422,
    'A bundle is older than what the device runs.',
    'Build a new release from the older inputs; its counter is higher.',
  ),
  BUNDLE_AGENT_TOO_OLD: entry(
    65,
    422,
    'A bundle needs a newer agent.',
    'Update through an intermediate release first.',
  ),

  SIGN_INPUT_MISMATCH: entry(
    65,
    409,
    'Stored bytes of a build differ from what the builder declared.',
    'Treat the builder as compromised until explained; build again.',
  ),
  SIGN_POLICY_REFUSED: entry(
    77,
    409,
    'The signer refuses by its policy.',
    'Read the reason; it names the rule.',
  ),
  SIGNING_PROFILE_UNKNOWN: entry(
    66,
    422,
    'A class names a signing profile that is not known here.',
    'Make it by slipway keys profile create and restart the instance, or name another one in the class file.',
  ),
  SIGNING_PROFILE_CHANGED: entry(
    75,
    409,
    'A class would be signed by another profile than its devices trust.',
    'Have the present profile sign a release that also trusts the other one and roll it out first, see docs/keys.md.',
  ),
  SIGN_COUNTER_REUSED: entry(
    77,
    409,
    'The counter is not above the last one signed for the class.',
    'Start a new build.',
  ),

  INSTALL_BUSY: entry(
    75,
    409,
    'A trial is not yet confirmed, so no install may start.',
    'Wait for the commit or rollback.',
  ),
  INSTALL_NO_SPACE: entry(
    74,
    507,
    'The inactive slot or the ESP has no room for the release.',
    'Use a smaller image or larger partitions.',
  ),
  INSTALL_SOURCE_GONE: entry(
    66,
    404,
    'The file of a bundle that was being installed is not there any more.',
    'Put it back and run slipway-agent install again; what was written is not read again.',
  ),
  AGENT_NOT_RUNNING: entry(
    69,
    503,
    'A command needs the running agent, and it does not answer.',
    'Read its lines on the console; init starts it again.',
  ),
  INSTALL_WRITE_FAILED: entry(74, 500, 'Storage refused a write.', 'Replace the storage if it recurs.'),
  INSTALL_READBACK_MISMATCH: entry(
    74,
    500,
    'What was read back from the slot differs from what was written.',
    'Retry; replace the storage if it recurs.',
  ),
  INSTALL_ATTEMPTS_EXHAUSTED: entry(
    75,
    409,
    'A release failed as often as is allowed on this device.',
    'Mend the release, or raise the retry of the assignment.',
  ),
  ASSIGNMENT_EXPIRED: entry(
    75,
    409,
    'An assignment reached the device after it had expired.',
    'Start a new rollout; check the clock of the device.',
  ),
  DOWNLOAD_FAILED: entry(
    69,
    502,
    'The blocks of a bundle did not arrive.',
    'Check the link; the download resumes by itself.',
  ),
  BOOT_CONTROL_FAILED: entry(
    74,
    500,
    'The boot loader could not be told what to start.',
    'Run slipway-agent doctor on the device; check its storage and its EFI variables.',
  ),
  TRIAL_GATE_FAILED: entry(
    1,
    409,
    'A health gate of the new release failed, so the device went back.',
    'See the gate named; mend the release.',
  ),
  TRIAL_DEADLINE: entry(
    1,
    409,
    'The new release did not become healthy in time, so the device went back.',
    'See the gates that were open.',
  ),
  TRIAL_WATCHDOG: entry(
    1,
    409,
    'The new release hung until the watchdog reset the device, so the device went back.',
    'Read the log of the boot in the report; find what blocked.',
  ),
  TRIAL_PANIC: entry(
    1,
    409,
    'The kernel of the new release panicked, so the device went back.',
    'Read the panic in the log of the report.',
  ),
  TRIAL_POWER_LOSS: entry(
    1,
    409,
    'Every trial boot of the new release was cut off without a fault of its own, so the device went back.',
    'Check the power supply of the device; then raise the retry of the assignment.',
  ),
  TRIAL_UKI_UNLOADABLE: entry(
    1,
    409,
    'The kernel of the new release left no sign of life, so the device went back.',
    'Check that its UKI is signed for the keys of the device; boot the release in QEMU.',
  ),
  TRIAL_INITRAMFS: entry(
    1,
    409,
    'The root of the new release did not verify or mount, so the device went back.',
    'Read the reason in the report; install again, replace the storage if it recurs.',
  ),
  TRIAL_NOT_BOOTED: entry(
    1,
    409,
    'The new release did not come up and left nothing that says why, so the device went back.',
    'Boot the release in QEMU and read its console.',
  ),
  INSTALL_HELD: entry(
    75,
    409,
    'An install waits for its maintenance window.',
    'Wait, widen the windows, or set a deadline.',
  ),
  INSTALL_DOWNLOADED: entry(
    75,
    409,
    'A release lies verified in the inactive slot and is not to be started yet.',
    'Assign it with mode install.',
  ),
  INSTALL_AWAITS_CONSENT: entry(
    75,
    409,
    'A release lies verified in the inactive slot and waits until somebody at the device accepts it.',
    'Accept it at the device (slipway-agent accept), set a deadline, or assign it with mode install.',
  ),
  INSTALL_DEFERRED: entry(
    75,
    409,
    'Somebody at the device has deferred an install that waits for consent.',
    'Wait, accept it at the device, set a deadline, or assign it with mode install.',
  ),
  INSTALL_REFUSED: entry(
    75,
    409,
    'Somebody at the device has refused an install that waited for consent.',
    'Ask at the device why; roll the release out again, with mode install where it must go on.',
  ),
  CONSENT_NOT_ASKED: entry(
    75,
    409,
    'Nothing at this device waits for consent, or not any more.',
    'See slipway-agent status; what is forced goes on by itself.',
  ),
  SLOT_NOT_GOOD: entry(
    75,
    409,
    'The other slot holds no release that has proven itself, so there is nothing to go back to.',
    'Roll out the release that is wanted.',
  ),

  AUTH_REQUIRED: entry(
    77,
    401,
    'No token, or one that is not known.',
    'Send Authorization: Bearer TOKEN; the admin token lies in the data directory.',
  ),
  FORBIDDEN: entry(77, 403, 'The token does not allow this.', 'Use a token with the role named.'),
  LOGIN_FAILED: entry(
    77,
    401,
    'The name or the password is wrong.',
    'Try again; an admin sets another password.',
  ),
  SETUP_TOKEN_INVALID: entry(
    77,
    403,
    'The token that makes the first user is wrong, or has been used.',
    'Take it from the file setup-token in the data directory; once there is a user, log in.',
  ),
  AUDIT_BROKEN: entry(
    65,
    422,
    'An entry of the audit log is missing or not as it was written.',
    'Compare with the last export or backup that verifies, and find out who has written to the database.',
  ),
  NOT_FOUND: entry(66, 404, 'There is no such thing.', 'List what there is.'),
  REQUEST_INVALID: entry(65, 400, 'A request does not have the form of the API.', 'Mend the fields named.'),
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
  CONFLICT: entry(
    75,
    409,
    'The state of a resource does not allow this.',
    'Read the state; do what the message names first.',
  ),
  PRECONDITION_FAILED: entry(
    75,
    412,
    'Somebody else has changed what was to be changed since it was read.',
    'Read it again and decide anew.',
  ),
  IDEMPOTENCY_KEY_REUSED: entry(
    65,
    422,
    'An Idempotency-Key came with another request before.',
    'Make a new key for every new request.',
  ),
  IDEMPOTENCY_IN_PROGRESS: entry(
    75,
    409,
    'The first request with an Idempotency-Key is still being worked on.',
    'Wait as long as Retry-After says and ask again.',
  ),
  ANSWER_UNEXPECTED: entry(
    70,
    500,
    'A server answered something that this client does not know.',
    'Use the slipway of the version of the server, or the other way round.',
  ),
  RATE_LIMITED: entry(75, 429, 'Too many requests.', 'Wait as long as Retry-After says.'),
  CLAIM_INVALID: entry(
    77,
    403,
    'A claim token is unknown, used up, revoked, expired or for another class, or an operator rejected the device.',
    'Create a new claim token.',
  ),
  ENROL_PENDING: entry(
    75,
    409,
    'The device waits to be let in by an operator.',
    'Compare its key and serial number; run slipway devices accept or reject. The device asks again by itself.',
  ),
  IMPORT_INVALID: entry(
    65,
    422,
    'Rows of a list of devices are wrong or contradict what is known; none was taken.',
    'Mend the lines named and import the list again.',
  ),
  CERTIFICATE_INVALID: entry(
    77,
    403,
    'A device certificate is not one of ours, not for that device, or the request is not proven by its key.',
    'Enrol the device anew: create a claim for its id.',
  ),
  ROTATION_TOO_EARLY: entry(
    75,
    409,
    'A key would be taken out of use that devices still need.',
    'Wait until the devices have followed; slipway keys rotations says how many have.',
  ),
  KEY_MISMATCH: entry(
    65,
    400,
    'A private key does not belong to the certificate beside it.',
    'Attach the medium with the keys of this instance, or rotate what stands above it.',
  ),
  CERTIFICATE_EXPIRED: entry(
    77,
    403,
    'A device certificate expired longer ago than may be mended by a renewal.',
    'Create a claim for the same device id and put it onto the device.',
  ),
  DEVICE_REVOKED: entry(
    77,
    403,
    'The device was revoked by an operator.',
    'Find out why; create a claim for its id if it is to come back.',
  ),
  IDENTITY_INVALID: entry(
    65,
    422,
    'An identity made in the factory does not hold together: form, certificate, key or name.',
    'Make it anew by slipway provision --certificate.',
  ),
  CSR_INVALID: entry(
    65,
    400,
    'A certificate request is malformed, not self-signed or not P-256.',
    'Make a new key and request.',
  ),
  MESSAGE_INVALID: entry(
    65,
    400,
    'A message on the device channel does not have the form of the protocol.',
    'Update the agent or the server.',
  ),

  DEVICE_OFFLINE: entry(
    69,
    409,
    'A command is for a device that is not connected; commands are never kept for later.',
    'Wait until slipway devices show says online, then ask again.',
  ),
  COMMAND_EXPIRED: entry(
    75,
    409,
    'A command had no answer in time, or reached the device after it had expired.',
    'Check that the device is online and its clock right, then ask again.',
  ),
  COMMAND_REFUSED: entry(
    75,
    409,
    'A device does not do what a command asks for, as it is now.',
    'Read the reason; a trial must end first, for instance.',
  ),
  COMMAND_FAILED: entry(
    1,
    502,
    'A device did what a command asks for, and it ended badly.',
    'Read what the diagnostic printed.',
  ),

  ALREADY_RUNNING: entry(
    75,
    409,
    'Slipway already runs on this data directory.',
    'Use it, or stop it first.',
  ),
  REDIS_NOT_DURABLE: entry(
    78,
    500,
    'Redis runs without append-only file, so a crash would lose jobs.',
    'Set appendonly yes.',
  ),
  ROLLOUT_CONFLICT: entry(
    75,
    409,
    'A device took a release of another rollout for longer than a rollout waits for it, and was left out.',
    'Look what holds the other rollout up, or abort it; then roll out to the device again, with more patience if need be.',
  ),
  ROLLOUT_PREEMPTED: entry(
    75,
    409,
    'A rollout of higher priority took the device, so the offer was taken back; it comes again.',
    'Nothing is to be done. Give the rollout a higher priority if it should go first.',
  ),
  ROLLOUT_FAILED: entry(
    1,
    409,
    'Too many devices of a rollout failed, for reasons that have no code of their own.',
    'See slipway rollouts failures, and what the devices named say; mend the release.',
  ),
  ROLLOUT_PAUSED: entry(
    75,
    409,
    'So many devices failed that a rollout paused; it waits for a person.',
    'See slipway rollouts failures; then resume the rollout, which forgives them, or abort it or roll it back.',
  ),
  ROLLOUT_ABORTED: entry(1, 409, 'Somebody ended a rollout.', 'Ask who it was: the reason names them.'),
  ROLLOUT_ENDED: entry(
    75,
    409,
    'The end that a rollout was given came before all of its devices had the release.',
    'Roll out to the devices that are left, with a later end or more of them at once.',
  ),
  ROLLOUT_ROLLED_BACK: entry(
    1,
    409,
    'Somebody had the devices of a rollout go back to the release before it.',
    'Ask who it was: the reason names them.',
  ),
  SECOND_PERSON_NEEDED: entry(
    77,
    403,
    'Whoever created a rollout cannot approve it as well.',
    'Have somebody else approve it who may.',
  ),
  STORE_FULL: entry(
    74,
    507,
    'The artifact store has less room left than builds must leave, so none is begun; rollouts go on.',
    'Free some space (slipway retention run), enlarge the file system, or lower SLIPWAY_STORE_MIN_FREE.',
  ),
  BACKUP_INVALID: entry(
    65,
    422,
    'A file is no backup, is damaged, was cut short, or was made by a newer Slipway.',
    'Take another backup, or a Slipway of that version.',
  ),
  BACKUP_LOCKED: entry(
    77,
    422,
    'A backup is encrypted, and nothing that was given opens it.',
    'Give the identity or passphrase that it was encrypted for.',
  ),
  BACKUP_INCOMPLETE: entry(
    74,
    500,
    'Something that the instance needs cannot be put into a backup, so none is made.',
    'Do what the message names, and make the backup again.',
  ),
  RESTORE_REFUSED: entry(
    73,
    409,
    'There is an instance already where a backup is to be restored to.',
    'Name an empty place, or set what is there aside by --force.',
  ),
  DATABASE_LOCKED: entry(
    75,
    503,
    'Another process has the embedded database open.',
    'Stop it, or set DATABASE_URL to a PostgreSQL server.',
  ),
  VIRTUAL_DEVICES_OFF: entry(
    69,
    409,
    'This server starts no virtual devices.',
    'Start one on a machine of yours with `slipway virtual-device`, or set SLIPWAY_VIRTUAL_DEVICES for a server on one machine.',
  ),
  VM_FAILED: entry(
    70,
    500,
    'QEMU ended or did not reach the state awaited.',
    'Read the console that the message quotes.',
  ),
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof ERRORS;

export const isErrorCode = (value: unknown): value is ErrorCode =>
  typeof value === 'string' && Object.hasOwn(ERRORS, value);

/** Base of every error Slipway throws on purpose. The message says what was expected, what was found, how to mend it. */
export class SlipwayError extends Error {
  readonly code: ErrorCode;
  /** Facts for programs: file, line, column, key, expected, found … */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    code: ErrorCode,
    message: string,
    options: { readonly cause?: unknown; readonly details?: Readonly<Record<string, unknown>> } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.details = options.details ?? {};
  }
}

/** The first among an error and its causes that the system gave with one of these codes. */
export const systemError = (error: unknown, codes: readonly string[]): Error | undefined => {
  for (let at = error, depth = 0; at instanceof Error && depth < 10; at = at.cause, depth++)
    if ('code' in at && typeof at.code === 'string' && codes.includes(at.code)) return at;
  return undefined;
};

const FULL: readonly string[] = ['ENOSPC', 'EDQUOT'];
const REFUSED: readonly string[] = ['EACCES', 'EPERM', 'EROFS', 'EISDIR', 'ENOTDIR', 'EEXIST', 'ELOOP'];
/** What Node says of making a folder in a file system that is read-only. */
const isUnmade = (error: Error | undefined): boolean =>
  error !== undefined && 'syscall' in error && error.syscall === 'mkdir';

/** The code of anything thrown; what was not thrown on purpose is `INTERNAL`, but for a disk that is full. */
export const codeOf = (error: unknown): ErrorCode => {
  if (error instanceof SlipwayError) return error.code;
  return systemError(error, FULL) === undefined ? 'INTERNAL' : 'DISK_FULL';
};

/** Whether a path that the system names lies in a place, or the place in it. */
const isAbout = (error: Error, places: readonly string[]): boolean => {
  const path = 'path' in error && typeof error.path === 'string' ? error.path : '';
  return (
    path !== '' && places.some((place) => `${path}/`.startsWith(`${place}/`) || place.startsWith(`${path}/`))
  );
};

/**
 * What work that writes files threw, told as a fault of the disk if it is one. A full disk counts whatever was made of
 * it on the way; a refusal only if nobody has explained it.
 *
 * @param places folders that are written to
 */
export const explainStorage = (error: unknown, places: readonly string[]): unknown => {
  const where = places.join(' or ');
  const full = systemError(error, FULL);
  if (full !== undefined)
    return new SlipwayError(
      'DISK_FULL',
      `expected room in ${where}, found none: ${full.message}; free some space (slipway cache prune removes what builds have not used for a while), or name folders on another file system`,
      { cause: error, details: { places } },
    );
  const missing = systemError(error, ['ENOENT']);
  const refused =
    error instanceof SlipwayError
      ? undefined
      : (systemError(error, REFUSED) ?? (isUnmade(missing) ? missing : undefined));
  if (refused !== undefined && isAbout(refused, places))
    return new SlipwayError(
      'NOT_WRITABLE',
      `expected to write in ${where}, found ${refused.message}; choose another place, or mend its permissions`,
      { cause: error, details: { places } },
    );
  return error;
};

/** The message of anything thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
