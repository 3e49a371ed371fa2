/** How much a finding matters. `error`: whoever takes over the container has the machine, or the image is open to anybody. */
export const SEVERITIES = ['error', 'warning', 'note'] as const;
export type Severity = (typeof SEVERITIES)[number];

export type LintRule = {
  readonly severity: Severity;
  /** what the finding means, in one sentence */
  readonly meaning: string;
  /** how to mend it, in one sentence */
  readonly mend: string;
};

const rule = (severity: Severity, meaning: string, mend: string): LintRule => ({ severity, meaning, mend });

/**
 * Every code that `slipway lint` gives, the only place where one is defined. Codes are public and stable: files refer to
 * them. The table in `docs/lint.md` is compared with it by a test.
 */
export const LINT_RULES = {
  CAPABILITIES_ALL: rule(
    'error',
    'A container has every capability, so that its root is root of the machine.',
    'Name the capabilities that the program needs, or leave `capabilities` out.',
  ),
  CAPABILITY_POWERFUL: rule(
    'warning',
    'A container has a capability with which it can take over the kernel or other containers.',
    'Remove it, or do what needs it in a container of its own that ends (`onboot`).',
  ),
  ROOT_WRITABLE: rule(
    'warning',
    'A container may change its own files, so that what breaks in can stay and hide until the next start.',
    'Set `readonly: true` (in a class build leave it out), and give the program `tmpfs` or `binds` where it writes.',
  ),
  HOST_PID: rule(
    'error',
    "A container sees and signals the machine's processes, and reads their memory if it may trace.",
    'Leave `pid` out.',
  ),
  HOST_NETWORK: rule(
    'warning',
    'A container has the network of the machine: every address, every port, and abstract sockets of others.',
    'Set `net: new` where it needs no network; else give it an interface by `runtime.interfaces`.',
  ),
  HOST_IPC: rule(
    'note',
    'A container shares memory segments, semaphores and message queues with the machine and other containers.',
    'Set `ipc: new`.',
  ),
  HOST_UTS: rule(
    'note',
    'A container shares the host name with the machine.',
    'Set `uts: new`, or a `hostname`.',
  ),
  PRIVILEGES_GAINABLE: rule(
    'warning',
    'Programs of a container gain privileges by set-user-id files and file capabilities.',
    'Set `noNewPrivileges: true`.',
  ),
  SECCOMP_MISSING: rule(
    'warning',
    "Containers may make every system call: what is built with LinuxKit's semantics has no filter.",
    'Build the image as a device class (a class file that names it): every container gets a filter there.',
  ),
  PROC_UNMASKED: rule(
    'warning',
    'A container sees parts of /proc that tell about the whole machine, such as its memory (/proc/kcore).',
    'Leave `maskedPaths` out in a class build; else list /proc/kcore, /proc/keys, /proc/timer_list and /sys/firmware.',
  ),
  USER_ROOT: rule(
    'note',
    'A service runs as root within its container: a fault of the kernel is easier to reach from there.',
    'Set `uid` and `gid` to a number, or to the name of the container for numbers of its own.',
  ),
  DEVICES_ALL: rule(
    'error',
    'A container may use every device, disks and memory among them.',
    'List the devices that it needs, each with path, numbers and mode.',
  ),
  DEVICE_POWERFUL: rule(
    'error',
    'A container has a device that is the memory or the ports of the machine.',
    'Remove the device.',
  ),
  BIND_POWERFUL: rule(
    'error',
    'A container may write where the system itself is kept or controlled.',
    'Bind what it needs and nothing above, with the option `ro` if it only reads.',
  ),
  TMPFS_OPEN: rule(
    'note',
    'A file system in memory takes programs, set-user-id files or devices.',
    'Add the options nosuid,nodev,noexec.',
  ),
  PROPAGATION_SHARED: rule(
    'warning',
    'What a container mounts appears outside of it.',
    'Leave `rootfsPropagation` out, or set it to slave or private.',
  ),
  MEMORY_UNLIMITED: rule(
    'note',
    'A service may use all memory, until the kernel kills something.',
    'Set `resources.memory.limit`, in bytes.',
  ),
  PROCESSES_UNLIMITED: rule(
    'note',
    'A service may start processes until the machine can start no more.',
    'Set `resources.pids.limit`.',
  ),
  LANDLOCK_MISSING: rule(
    'note',
    'A service may use every file of its container, and listen and connect wherever its network reaches.',
    'List what it reads, writes and runs, and its ports, under `landlock`, see docs/hardening.md.',
  ),
  IMAGE_UNPINNED: rule(
    'warning',
    'An image is named by a tag: tomorrow it may stand for something else.',
    'Run `slipway lock`, or write the digest (`@sha256:…`).',
  ),
  PACKAGES_UNPINNED: rule(
    'warning',
    'A package set is made of whatever the archive has at the time.',
    'Run `slipway lock`, or name a `snapshot` of the archive under `debian`.',
  ),
  DOCKERFILE_BUILT: rule(
    'note',
    'A component is built from a Dockerfile: its commands run on the building machine as root, and may fetch what no lock pins.',
    'Set `network: none` where they need no network, or build the image once and name it by its digest.',
  ),
  SECRET_IN_IMAGE: rule(
    'error',
    'A key, password or token stands in the image file: everybody who has the image has it.',
    'Give it to the device when it is provisioned, and read it from /data.',
  ),
  PASSWORD_DEFAULT: rule(
    'error',
    'The image brings a password, or an account without one, that is the same on all devices.',
    'Lock the account (`*` or `!` in etc/shadow) and let people in by keys.',
  ),
  FILE_WRITABLE_BY_ALL: rule(
    'warning',
    'Everybody may change a file of the image.',
    'Take the right to write from others: a mode such as "0644".',
  ),
  FILE_SET_USER_ID: rule(
    'warning',
    'Whoever runs a file gets the rights of its owner.',
    'Take the bits away: a mode such as "0755".',
  ),
  CMDLINE_WEAKENS: rule(
    'error',
    'The kernel command line turns a protection of the kernel off.',
    'Remove the word.',
  ),
  KERNEL_OPTION_MISSING: rule(
    'warning',
    'The kernel lacks an option that the Kernel Self Protection Project recommends.',
    'Use a kernel with it; where the finding names a word of the command line, that does as well.',
  ),
  KERNEL_OPTION_RISKY: rule(
    'warning',
    'The kernel has an option that the Kernel Self Protection Project advises against.',
    'Use a kernel without it; where the finding names a word of the command line, that does as well.',
  ),
  KERNEL_CONFIG_UNKNOWN: rule(
    'note',
    'The component of the kernel holds no configuration, so its options are not checked.',
    "Name the kernel's configuration by --kernel-config.",
  ),
  SECURE_BOOT_OFF: rule(
    'note',
    'Devices of the class start whatever lies on their disk, signed or not.',
    'Set `secureBoot: true` where the firmware can do it, see docs/secure-boot.md.',
  ),
  QUALIFICATION_OFF: rule(
    'note',
    'Releases of the class are published without having been tried as an update.',
    'Leave `qualification` out.',
  ),
  ALLOWANCE_UNUSED: rule(
    'note',
    'An entry of `lint.allow` or of the baseline matches nothing any more.',
    'Remove the entry.',
  ),
} as const satisfies Readonly<Record<string, LintRule>>;

export type LintCode = keyof typeof LINT_RULES;

export const isLintCode = (text: string): text is LintCode => Object.hasOwn(LINT_RULES, text);
