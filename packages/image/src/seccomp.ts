import { ARCHITECTURES, type Arch } from '@slipway/protocol';

/** Part of the OCI runtime specification, `linux.seccomp`. */
export type Seccomp = {
  readonly defaultAction: 'SCMP_ACT_ERRNO';
  readonly defaultErrnoRet: number;
  readonly architectures: readonly string[];
  readonly syscalls: readonly {
    readonly names: readonly string[];
    readonly action: 'SCMP_ACT_ALLOW' | 'SCMP_ACT_ERRNO';
    readonly errnoRet?: number;
    readonly args?: readonly {
      readonly index: number;
      readonly value: number;
      readonly valueTwo?: number;
      readonly op: 'SCMP_CMP_NE' | 'SCMP_CMP_MASKED_EQ';
    }[];
  }[];
};

const EPERM = 1;
const ENOSYS = 38;
const words = (text: string) => text.trim().split(/\s+/);

/** What programs of any kind need. Names that an architecture lacks are skipped by the container runtime. */
const ORDINARY = words(`
  access chdir chmod chown close close_range copy_file_range creat dup dup2 dup3 faccessat faccessat2 fadvise64
  fallocate fchdir fchmod fchmodat fchmodat2 fchown fchownat fcntl fdatasync fgetxattr flistxattr flock fremovexattr
  fsetxattr fstat fstatfs fsync ftruncate futimesat getcwd getdents getdents64 getxattr inotify_add_watch inotify_init
  inotify_init1 inotify_rm_watch ioctl lchown lgetxattr link linkat listxattr llistxattr lremovexattr lseek lsetxattr
  lstat mkdir mkdirat mknod mknodat name_to_handle_at newfstatat open openat openat2 pread64 preadv preadv2 pwrite64
  pwritev pwritev2 read readahead readlink readlinkat readv removexattr rename renameat renameat2 rmdir sendfile
  setxattr splice stat statfs statx symlink symlinkat sync sync_file_range syncfs tee truncate umask unlink unlinkat
  utime utimensat utimes vmsplice write writev memfd_create memfd_secret cachestat

  brk madvise mincore mlock mlock2 mlockall mmap mprotect mremap msync munlock munlockall munmap pkey_alloc pkey_free
  pkey_mprotect map_shadow_stack process_mrelease membarrier rseq set_mempolicy_home_node get_mempolicy

  alarm clock_getres clock_gettime clock_nanosleep getitimer gettimeofday nanosleep setitimer time timer_create
  timer_delete timer_getoverrun timer_gettime timer_settime timerfd_create timerfd_gettime timerfd_settime times

  arch_prctl capget capset execve execveat exit exit_group fork get_robust_list get_thread_area getcpu getegid geteuid
  getgid getgroups getpgid getpgrp getpid getppid getpriority getresgid getresuid getrlimit getrusage getsid gettid
  getuid ioprio_get ioprio_set kill pause pidfd_getfd pidfd_open pidfd_send_signal prctl prlimit64 restart_syscall
  rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait
  rt_tgsigqueueinfo sched_get_priority_max sched_get_priority_min sched_getaffinity sched_getattr sched_getparam
  sched_getscheduler sched_rr_get_interval sched_setaffinity sched_setattr sched_setparam sched_setscheduler
  sched_yield seccomp set_robust_list set_thread_area set_tid_address setfsgid setfsuid setgid setgroups setpgid
  setpriority setregid setresgid setresuid setreuid setrlimit setsid setuid sigaltstack signalfd signalfd4 sysinfo
  tgkill tkill uname vfork wait4 waitid getrandom landlock_add_rule landlock_create_ruleset landlock_restrict_self
  listmount statmount

  epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait epoll_wait_old eventfd
  eventfd2 futex futex_requeue futex_wait futex_waitv futex_wake io_cancel io_destroy io_getevents io_pgetevents
  io_setup io_submit pipe pipe2 poll ppoll pselect6 select mq_getsetattr mq_notify mq_open mq_timedreceive
  mq_timedsend mq_unlink msgctl msgget msgrcv msgsnd semctl semget semop semtimedop shmat shmctl shmdt shmget

  accept accept4 bind connect getpeername getsockname getsockopt listen recvfrom recvmmsg recvmsg sendmmsg sendmsg
  sendto setsockopt shutdown socketpair
`);

/** What the C library calls on a processor instead of those, or beside them. */
const BY_ARCH: Partial<Readonly<Record<Arch, readonly string[]>>> = {
  'arm/v7': words(`
    _llseek _newselect arm_fadvise64_64 arm_sync_file_range breakpoint cacheflush chown32 clock_getres_time64
    clock_gettime64 clock_nanosleep_time64 fadvise64_64 fchown32 fcntl64 fstat64 fstatat64 fstatfs64 ftruncate64
    futex_time64 getegid32 geteuid32 getgid32 getgroups32 getresgid32 getresuid32 getuid32 io_pgetevents_time64
    lchown32 lstat64 mmap2 mq_timedreceive_time64 mq_timedsend_time64 ppoll_time64 pselect6_time64 recv
    recvmmsg_time64 rt_sigtimedwait_time64 sched_rr_get_interval_time64 semtimedop_time64 send sendfile64 set_tls
    setfsgid32 setfsuid32 setgid32 setgroups32 setregid32 setresgid32 setresuid32 setreuid32 setuid32 sigaction
    sigpending sigprocmask sigreturn sigsuspend stat64 statfs64 sync_file_range2 timer_gettime64 timer_settime64
    timerfd_gettime64 timerfd_settime64 truncate64 ugetrlimit utimensat_time64
  `),
  riscv64: ['riscv_flush_icache', 'riscv_hwprobe'],
};

/** What a capability is worth nothing without. */
const BY_CAPABILITY: Readonly<Record<string, readonly string[]>> = {
  CAP_BPF: ['bpf'],
  CAP_CHECKPOINT_RESTORE: ['kcmp'],
  CAP_DAC_READ_SEARCH: ['open_by_handle_at'],
  CAP_PERFMON: ['perf_event_open'],
  CAP_SYS_ADMIN: words(`
    bpf clone clone3 fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie lsm_get_self_attr mount mount_setattr
    move_mount open_tree perf_event_open quotactl quotactl_fd setdomainname sethostname setns syslog umount umount2
    unshare pivot_root swapon swapoff
  `),
  CAP_SYS_BOOT: ['reboot', 'kexec_load', 'kexec_file_load'],
  CAP_SYS_CHROOT: ['chroot'],
  CAP_SYS_MODULE: ['delete_module', 'init_module', 'finit_module'],
  CAP_SYS_NICE: ['mbind', 'set_mempolicy', 'migrate_pages', 'move_pages'],
  CAP_SYS_PACCT: ['acct'],
  CAP_SYS_PTRACE: ['kcmp', 'process_madvise', 'process_vm_readv', 'process_vm_writev', 'ptrace'],
  CAP_SYS_RAWIO: ['iopl', 'ioperm'],
  CAP_SYS_TIME: words(`
    adjtimex clock_adjtime clock_adjtime64 clock_settime clock_settime64 settimeofday stime
  `),
  CAP_SYS_TTY_CONFIG: ['vhangup'],
  CAP_SYSLOG: ['syslog'],
};

const AF_VSOCK = 40;
/** every CLONE_NEW… flag */
const NEW_NAMESPACES = 0x7e02_0000;

/**
 * The system calls a container may make: what is listed, nothing else. New namespaces, mounts, keys, kernel modules,
 * tracing and io_uring are out unless a capability the container has is about them.
 */
export const seccompProfile = (arch: Arch, capabilities: readonly string[]): Seccomp => {
  const extra = [...new Set(capabilities.flatMap((capability) => BY_CAPABILITY[capability] ?? []))].sort();
  const mayCloneAll = extra.includes('clone');
  return {
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: EPERM,
    architectures: ARCHITECTURES[arch].seccomp,
    syscalls: [
      { names: [...ORDINARY, ...(BY_ARCH[arch] ?? [])], action: 'SCMP_ACT_ALLOW' },
      {
        names: ['socket'],
        action: 'SCMP_ACT_ALLOW',
        // Every family but vsock, which reaches the host of a virtual machine past every network rule.
        args: [{ index: 0, value: AF_VSOCK, op: 'SCMP_CMP_NE' }],
      },
      ...(mayCloneAll
        ? []
        : [
            {
              names: ['clone'],
              action: 'SCMP_ACT_ALLOW' as const,
              args: [{ index: 0, value: NEW_NAMESPACES, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' as const }],
            },
            // Its flags lie in memory where no filter sees them; libraries fall back to clone on this answer.
            { names: ['clone3'], action: 'SCMP_ACT_ERRNO' as const, errnoRet: ENOSYS },
          ]),
      ...(extra.length === 0 ? [] : [{ names: extra, action: 'SCMP_ACT_ALLOW' as const }]),
    ],
  };
};
