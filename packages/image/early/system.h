/* What init.c and landlock.c need of Linux without a C library: system calls, and text in fixed room. */
typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;
/* An address, or as much as lies at one. */
typedef unsigned long size;

#if defined(__x86_64__)
enum {
  SYS_read = 0, SYS_write = 1, SYS_close = 3, SYS_ioctl = 16, SYS_pread64 = 17, SYS_nanosleep = 35, SYS_sync = 162,
  SYS_mount = 165, SYS_umount2 = 166, SYS_reboot = 169, SYS_getdents64 = 217, SYS_execve = 59, SYS_chdir = 80,
  SYS_chroot = 161, SYS_dup3 = 292, SYS_openat = 257, SYS_mkdirat = 258, SYS_unlinkat = 263, SYS_finit_module = 313,
  SYS_readlinkat = 267, SYS_prctl = 157, SYS_exit_group = 231
};
static long call(long n, long a, long b, long c, long d, long e) {
  long result;
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  __asm__ volatile("syscall" : "=a"(result) : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8) : "rcx", "r11", "memory");
  return result;
}
__asm__(".globl _start\n_start: xor %ebp,%ebp\n mov %rsp,%rdi\n and $-16,%rsp\n call early\n hlt\n");
#elif defined(__aarch64__)
enum {
  SYS_read = 63, SYS_write = 64, SYS_close = 57, SYS_ioctl = 29, SYS_pread64 = 67, SYS_nanosleep = 101, SYS_sync = 81,
  SYS_mount = 40, SYS_umount2 = 39, SYS_reboot = 142, SYS_getdents64 = 61, SYS_execve = 221, SYS_chdir = 49,
  SYS_chroot = 51, SYS_dup3 = 24, SYS_openat = 56, SYS_mkdirat = 34, SYS_unlinkat = 35, SYS_finit_module = 273,
  SYS_readlinkat = 78, SYS_prctl = 167, SYS_exit_group = 94
};
static long call(long n, long a, long b, long c, long d, long e) {
  register long x8 __asm__("x8") = n;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  register long x4 __asm__("x4") = e;
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4) : "memory");
  return x0;
}
__asm__(".globl _start\n_start: mov x29,#0\n mov x0,sp\n bl early\n brk #1\n");
#elif defined(__riscv)
enum {
  SYS_read = 63, SYS_write = 64, SYS_close = 57, SYS_ioctl = 29, SYS_pread64 = 67, SYS_nanosleep = 101, SYS_sync = 81,
  SYS_mount = 40, SYS_umount2 = 39, SYS_reboot = 142, SYS_getdents64 = 61, SYS_execve = 221, SYS_chdir = 49,
  SYS_chroot = 51, SYS_dup3 = 24, SYS_openat = 56, SYS_mkdirat = 34, SYS_unlinkat = 35, SYS_finit_module = 273,
  SYS_readlinkat = 78, SYS_prctl = 167, SYS_exit_group = 94
};
static long call(long n, long a, long b, long c, long d, long e) {
  register long a7 __asm__("a7") = n;
  register long a0 __asm__("a0") = a;
  register long a1 __asm__("a1") = b;
  register long a2 __asm__("a2") = c;
  register long a3 __asm__("a3") = d;
  register long a4 __asm__("a4") = e;
  __asm__ volatile("ecall" : "+r"(a0) : "r"(a7), "r"(a1), "r"(a2), "r"(a3), "r"(a4) : "memory");
  return a0;
}
__asm__(".globl _start\n_start: .option push\n .option norelax\n lla gp,__global_pointer$\n .option pop\n mv a0,sp\n call early\n ebreak\n");
#elif defined(__arm__)
enum {
  SYS_read = 3, SYS_write = 4, SYS_close = 6, SYS_ioctl = 54, SYS_pread64 = 180, SYS_nanosleep = 162, SYS_sync = 36,
  SYS_mount = 21, SYS_umount2 = 52, SYS_reboot = 88, SYS_getdents64 = 217, SYS_execve = 11, SYS_chdir = 12,
  SYS_chroot = 61, SYS_dup3 = 358, SYS_openat = 322, SYS_mkdirat = 323, SYS_unlinkat = 328, SYS_finit_module = 379,
  SYS_readlinkat = 332, SYS_prctl = 172, SYS_exit_group = 248
};
static long call6(long n, long a, long b, long c, long d, long e, long f) {
  register long r7 __asm__("r7") = n;
  register long r0 __asm__("r0") = a;
  register long r1 __asm__("r1") = b;
  register long r2 __asm__("r2") = c;
  register long r3 __asm__("r3") = d;
  register long r4 __asm__("r4") = e;
  register long r5 __asm__("r5") = f;
  __asm__ volatile("svc 0" : "+r"(r0) : "r"(r7), "r"(r1), "r"(r2), "r"(r3), "r"(r4), "r"(r5) : "memory");
  return r0;
}
static long call(long n, long a, long b, long c, long d, long e) { return call6(n, a, b, c, d, e, 0); }
__asm__(".arm\n .globl _start\n .type _start,%function\n_start: mov r11,#0\n mov r0,sp\n bl early\n udf #0\n");
/* Division by zero ends here; there is none. */
int raise(int signal) { (void)signal; return 0; }
#else
#error "no system calls for this processor"
#endif

/* `early` is where a program starts; it gets the stack as the kernel made it: argc, arguments, zero, environment, zero. */

enum { AT_CWD = -100, O_READ = 0, O_WRITE = 1, O_RDWR = 2, O_CREATE = 0100, ENTRY_EXISTS = -17, MODE = 0644 };
/* O_DIRECTORY is one of the few numbers that differ; a directory opens without it, too. */

static long open_at(const char *path, int flags) { return call(SYS_openat, AT_CWD, (long)path, flags, MODE, 0); }
static void close_file(long fd) { call(SYS_close, fd, 0, 0, 0, 0); }
/* 64 bits take two registers where these have 32, from an even one on, low half first. */
static long read_at(long fd, void *room, size length, u64 offset) {
#if defined(__arm__)
  return call6(SYS_pread64, fd, (long)room, (long)length, 0, (long)(u32)offset, (long)(offset >> 32));
#else
  return call(SYS_pread64, fd, (long)room, (long)length, (long)offset, 0);
#endif
}
static long io_control(long fd, u32 request, void *argument) { return call(SYS_ioctl, fd, (long)request, (long)argument, 0, 0); }
static long make_directory(const char *path) { return call(SYS_mkdirat, AT_CWD, (long)path, 0755, 0, 0); }
static long mount_at(const char *what, const char *where, const char *type, size flags, const char *data) {
  return call(SYS_mount, (long)what, (long)where, (long)type, (long)flags, (long)data);
}
static void wait_ms(long ms) {
  long time[2] = {ms / 1000, ms % 1000 * 1000000};
  call(SYS_nanosleep, (long)time, 0, 0, 0, 0);
}

/* The compiler may call these by itself. */
void *memcpy(void *to, const void *from, size length) {
  for (size i = 0; i < length; i++) ((u8 *)to)[i] = ((const u8 *)from)[i];
  return to;
}
void *memset(void *to, int value, size length) {
  for (size i = 0; i < length; i++) ((u8 *)to)[i] = (u8)value;
  return to;
}

static size length_of(const char *text) {
  size length = 0;
  while (text[length]) length++;
  return length;
}
static int starts_with(const char *text, const char *start) {
  while (*start) if (*text++ != *start++) return 0;
  return 1;
}
static int same(const char *a, const char *b) { return starts_with(a, b) && length_of(a) == length_of(b); }

/* Text that is put together piece by piece; what does not fit is cut off. */
typedef struct { size length; char bytes[1024]; } Text;
static Text *add(Text *text, const char *more) {
  while (*more && text->length < sizeof text->bytes - 1) text->bytes[text->length++] = *more++;
  text->bytes[text->length] = 0;
  return text;
}
static Text *start(Text *text, const char *first) {
  text->length = 0;
  return add(text, first);
}
static Text *add_number(Text *text, u64 number) {
  char digits[24];
  int at = sizeof digits - 1;
  digits[at] = 0;
  do digits[--at] = (char)('0' + number % 10); while (number /= 10);
  return add(text, digits + at);
}

/* Reads a file of the kernel; ends it with a zero. Returns how much there was, negative if it is not there. */
static long read_file(const char *path, char *room, size most) {
  long fd = open_at(path, O_READ);
  if (fd < 0) return fd;
  size length = 0;
  for (;;) {
    long got = length < most - 1 ? call(SYS_read, fd, (long)(room + length), (long)(most - 1 - length), 0, 0) : 0;
    if (got <= 0) break;
    length += (size)got;
  }
  close_file(fd);
  room[length] = 0;
  return (long)length;
}
