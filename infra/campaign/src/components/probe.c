/*
 * Tries what a container must not do, says of each whether it was done or refused, and becomes the program of the container:
 *
 *   probe PROGRAM [ARGUMENT…]
 *
 * Compiled by build-probe.ts and checked in, so that tests need no compiler.
 */
#include "../../../../packages/image/early/system.h"

#if defined(__x86_64__)
enum { SYS_clone = 56, SYS_wait4 = 61, SYS_kill = 62, SYS_ptrace = 101, SYS_sethostname = 170, SYS_mknodat = 259 };
#elif defined(__aarch64__)
enum { SYS_clone = 220, SYS_wait4 = 260, SYS_kill = 129, SYS_ptrace = 117, SYS_sethostname = 161, SYS_mknodat = 33 };
#else
#error "no system calls for this processor"
#endif
enum {
  ATTACH = 16, KILL = 9, CHILD_ENDS = 17, CHARACTER_DEVICE = 0020666, NULL_DEVICE = 0x103, PAGE = 4096, CHILDREN = 200,
  BYTES = 192 << 20
};

/* Says which source a binary was made of. */
__attribute__((used)) static const char source[] = "slipway-probe source=" SOURCE_DIGEST;

static void say(const char *what, int was_done) {
  Text line;
  add(add(add(add(start(&line, "probe "), what), " "), was_done ? "done" : "refused"), "\n");
  call(SYS_write, 1, (long)line.bytes, (long)line.length, 0, 0);
}
static void leave(void) {
  for (;;) call(SYS_exit_group, 0, 0, 0, 0, 0);
}
static long fork(void) { return call(SYS_clone, CHILD_ENDS, 0, 0, 0, 0); }
static long child_that_waits(void) {
  long pid = fork();
  if (pid != 0) return pid;
  wait_ms(600000);
  leave();
  return 0;
}
static void end_child(long pid) {
  call(SYS_kill, pid, KILL, 0, 0, 0);
  call(SYS_wait4, pid, 0, 0, 0, 0);
}

static int traces(void) {
  long pid = child_that_waits();
  long result = call(SYS_ptrace, ATTACH, pid, 0, 0, 0);
  end_child(pid);
  return result == 0;
}

static int forks_without_end(void) {
  static long children[CHILDREN];
  int count = 0;
  while (count < CHILDREN && (children[count] = child_that_waits()) > 0) count++;
  for (int i = 0; i < count; i++) end_child(children[i]);
  return count == CHILDREN;
}

static int takes_memory(void) {
  /* The kernel gives a page when it is written to. */
  static char room[BYTES];
  long pid = fork();
  if (pid == 0) {
    for (long at = 0; at < BYTES; at += PAGE) ((volatile char *)room)[at] = 1;
    leave();
  }
  int status = 0;
  call(SYS_wait4, pid, (long)&status, 0, 0, 0);
  return status == 0;
}

__attribute__((used)) void early(long *stack) {
  char **words = (char **)(stack + 1);
  char **environment = words + stack[0] + 1;
  say("write-root", open_at("/made-by-probe", O_WRITE | O_CREATE) >= 0);
  say("write-usr", open_at("/usr/made-by-probe", O_WRITE | O_CREATE) >= 0);
  say("mount", mount_at("none", "/dev/shm", "tmpfs", 0, "") == 0);
  say("ptrace", traces());
  say("sethostname", call(SYS_sethostname, (long)"probed", 6, 0, 0, 0) == 0);
  say("mknod", call(SYS_mknodat, AT_CWD, (long)"/dev/made-by-probe", CHARACTER_DEVICE, NULL_DEVICE, 0) == 0);
  say("read-unlisted", open_at("/", O_READ) >= 0);
  say("forks", forks_without_end());
  say("memory", takes_memory());
  say("end", 1);
  if (words[1]) call(SYS_execve, (long)words[1], (long)(words + 1), (long)environment, 0, 0);
  leave();
}
