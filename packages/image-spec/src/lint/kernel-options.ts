import type { Arch } from '@slipway/protocol';

/** What the Kernel Self Protection Project says of one option of the kernel. */
export type KernelOption = {
  readonly name: string;
  /** `y` (built in, or a module), `n` (absent), or a value that is the least */
  readonly wanted: 'y' | 'n' | number;
  readonly why: string;
  /** only these architectures have it; absent: all */
  readonly arch?: Arch;
  /** a word of the command line that does the same */
  readonly word?: string;
  /** another option that does the same or better */
  readonly or?: string;
};

/**
 * Options that the project recommends for kernels of Debian's and LinuxKit's time (6.1 to 6.12), with what each is for. Those
 * that only matter with a compiler of their own (plugins of GCC) or that no distribution can have are left out.
 *
 * @see https://kspp.github.io/Recommended_Settings
 */
export const KERNEL_OPTIONS: readonly KernelOption[] = [
  { name: 'BUG', wanted: 'y', why: 'faults of the kernel are noticed' },
  { name: 'STRICT_KERNEL_RWX', wanted: 'y', why: 'code and constants of the kernel are read-only' },
  { name: 'STRICT_MODULE_RWX', wanted: 'y', why: 'code and constants of modules are read-only' },
  { name: 'VMAP_STACK', wanted: 'y', why: 'a stack that runs over hits a guard page' },
  { name: 'STACKPROTECTOR_STRONG', wanted: 'y', why: 'overwritten return addresses are noticed' },
  { name: 'STRICT_DEVMEM', wanted: 'y', why: '/dev/mem shows devices, no memory', or: '!DEVMEM' },
  { name: 'SYN_COOKIES', wanted: 'y', why: 'a flood of connections fills no table' },
  { name: 'LIST_HARDENED', wanted: 'y', why: 'corrupted lists are noticed', or: 'DEBUG_LIST' },
  { name: 'SECCOMP_FILTER', wanted: 'y', why: 'containers can be filtered at all' },
  { name: 'SECURITY_YAMA', wanted: 'y', why: 'tracing can be bounded to children' },
  { name: 'SECURITY_LANDLOCK', wanted: 'y', why: 'programs can give up rights to files' },
  {
    name: 'HARDENED_USERCOPY',
    wanted: 'y',
    why: 'copies to and from programs are checked against their objects',
  },
  { name: 'FORTIFY_SOURCE', wanted: 'y', why: 'overruns of known buffers are noticed' },
  { name: 'SLAB_FREELIST_RANDOM', wanted: 'y', why: 'objects are laid out in no order that can be foreseen' },
  { name: 'SLAB_FREELIST_HARDENED', wanted: 'y', why: 'the list of free objects is protected' },
  {
    name: 'SHUFFLE_PAGE_ALLOCATOR',
    wanted: 'y',
    why: 'pages are handed out in no order that can be foreseen',
  },
  {
    name: 'INIT_ON_ALLOC_DEFAULT_ON',
    wanted: 'y',
    why: 'no memory is given out with what was in it',
    word: 'init_on_alloc=1',
  },
  {
    name: 'INIT_ON_FREE_DEFAULT_ON',
    wanted: 'y',
    why: 'what is freed is forgotten',
    word: 'init_on_free=1',
  },
  {
    name: 'RANDOMIZE_KSTACK_OFFSET_DEFAULT',
    wanted: 'y',
    why: 'the stack lies elsewhere at each system call',
    word: 'randomize_kstack_offset=on',
  },
  { name: 'INIT_STACK_ALL_ZERO', wanted: 'y', why: 'variables on the stack begin as zero' },
  { name: 'DEFAULT_MMAP_MIN_ADDR', wanted: 32_768, why: 'no program can put data where null points' },
  { name: 'PANIC_ON_OOPS', wanted: 'y', why: 'a kernel that has failed does not go on', word: 'oops=panic' },
  { name: 'IOMMU_SUPPORT', wanted: 'y', why: 'devices can be kept from memory that is not theirs' },
  { name: 'RANDOMIZE_BASE', wanted: 'y', why: 'the kernel lies elsewhere at each start' },
  { name: 'RANDOMIZE_MEMORY', wanted: 'y', why: 'its memory lies elsewhere at each start', arch: 'amd64' },
  {
    name: 'MITIGATION_PAGE_TABLE_ISOLATION',
    wanted: 'y',
    why: 'programs cannot read the kernel by Meltdown',
    arch: 'amd64',
    or: 'PAGE_TABLE_ISOLATION',
  },
  {
    name: 'LEGACY_VSYSCALL_NONE',
    wanted: 'y',
    why: 'no code lies at a fixed address',
    arch: 'amd64',
    word: 'vsyscall=none',
  },
  {
    name: 'ARM64_SW_TTBR0_PAN',
    wanted: 'y',
    why: 'the kernel cannot be led to memory of programs',
    arch: 'arm64',
  },
  {
    name: 'UNMAP_KERNEL_AT_EL0',
    wanted: 'y',
    why: 'programs cannot read the kernel by Meltdown',
    arch: 'arm64',
  },
  { name: 'ARM64_BTI_KERNEL', wanted: 'y', why: 'jumps of the kernel end where they may', arch: 'arm64' },
  { name: 'MODULE_SIG', wanted: 'y', why: 'a module that nobody signed is noticed', or: '!MODULES' },
  {
    name: 'MODULE_SIG_FORCE',
    wanted: 'y',
    why: 'a module that nobody signed is refused',
    or: '!MODULES',
    word: 'module.sig_enforce=1',
  },
  { name: 'DEVMEM', wanted: 'n', why: '/dev/mem is memory as a file' },
  { name: 'DEVKMEM', wanted: 'n', why: '/dev/kmem is memory of the kernel as a file' },
  { name: 'ACPI_CUSTOM_METHOD', wanted: 'n', why: 'root can write memory of the kernel by it' },
  { name: 'COMPAT_BRK', wanted: 'n', why: 'the heap of programs lies where it can be foreseen' },
  { name: 'PROC_KCORE', wanted: 'n', why: '/proc/kcore is memory of the kernel as a file' },
  { name: 'COMPAT_VDSO', wanted: 'n', why: 'code lies at a fixed address' },
  { name: 'INET_DIAG', wanted: 'n', why: 'it has told addresses of the kernel to programs' },
  { name: 'LEGACY_PTYS', wanted: 'n', why: 'old terminals have had faults' },
  { name: 'BINFMT_MISC', wanted: 'n', why: 'root of a user namespace can register programs for formats' },
  {
    name: 'HIBERNATION',
    wanted: 'n',
    why: 'the kernel can be replaced by what lies on the disk',
    word: 'nohibernate',
  },
  { name: 'KEXEC', wanted: 'n', why: 'root can start another kernel' },
  { name: 'LDISC_AUTOLOAD', wanted: 'n', why: 'programs can have old modules loaded' },
  { name: 'USERFAULTFD', wanted: 'n', why: 'attacks on races of the kernel are easy with it' },
  {
    name: 'X86_X32_ABI',
    wanted: 'n',
    why: 'a second set of system calls doubles what can be attacked',
    arch: 'amd64',
  },
  {
    name: 'MODIFY_LDT_SYSCALL',
    wanted: 'n',
    why: 'programs can change a table of the processor',
    arch: 'amd64',
  },
];
