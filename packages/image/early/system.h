/* What init.c and landlock.c need of Linux without a C library: system calls, and text in fixed room. */
typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long u64;

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
#else
#error "no system calls for this processor"
#endif

/* `early` is where a program starts; it gets the stack as the kernel made it: argc, arguments, zero, environment, zero. */

enum { AT_CWD = -100, O_READ = 0, O_WRITE = 1, O_RDWR = 2, O_CREATE = 0100, ENTRY_EXISTS = -17, MODE = 0644 };
/* O_DIRECTORY is one of the few numbers that differ; a directory opens without it, too. */

static long open_at(const char *path, int flags) { return call(SYS_openat, AT_CWD, (long)path, flags, MODE, 0); }
static void close_file(long fd) { call(SYS_close, fd, 0, 0, 0, 0); }
static long io_control(long fd, u64 request, void *argument) { return call(SYS_ioctl, fd, (long)request, (long)argument, 0, 0); }
static long make_directory(const char *path) { return call(SYS_mkdirat, AT_CWD, (long)path, 0755, 0, 0); }
static long mount_at(const char *what, const char *where, const char *type, u64 flags, const char *data) {
  return call(SYS_mount, (long)what, (long)where, (long)type, (long)flags, (long)data);
}
static void wait_ms(long ms) {
  long time[2] = {ms / 1000, ms % 1000 * 1000000};
  call(SYS_nanosleep, (long)time, 0, 0, 0, 0);
}

/* The compiler may call these by itself. */
void *memcpy(void *to, const void *from, u64 length) {
  for (u64 i = 0; i < length; i++) ((u8 *)to)[i] = ((const u8 *)from)[i];
  return to;
}
void *memset(void *to, int value, u64 length) {
  for (u64 i = 0; i < length; i++) ((u8 *)to)[i] = (u8)value;
  return to;
}

static u64 length_of(const char *text) {
  u64 length = 0;
  while (text[length]) length++;
  return length;
}
static int starts_with(const char *text, const char *start) {
  while (*start) if (*text++ != *start++) return 0;
  return 1;
}
static int same(const char *a, const char *b) { return starts_with(a, b) && length_of(a) == length_of(b); }

/* Text that is put together piece by piece; what does not fit is cut off. */
typedef struct { u64 length; char bytes[1024]; } Text;
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
static long read_file(const char *path, char *room, u64 size) {
  long fd = open_at(path, O_READ);
  if (fd < 0) return fd;
  u64 length = 0;
  for (;;) {
    long got = length < size - 1 ? call(SYS_read, fd, (long)(room + length), (long)(size - 1 - length), 0, 0) : 0;
    if (got <= 0) break;
    length += (u64)got;
  }
  close_file(fd);
  room[length] = 0;
  return (long)length;
}
