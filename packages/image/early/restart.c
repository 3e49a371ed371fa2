/*
 * Restarts the machine with a word for its firmware, as in restart "0 tryboot", which busybox has no way to hand over. The
 * last program of a shutdown: what was to be written has been written.
 */
#include "system.h"

/* Says which source a binary was made of. */
__attribute__((used)) static const char source[] = "slipway-early source=" SOURCE_DIGEST;

/* Returns, and so ends in a fault that its caller sees, only if the kernel refuses. */
__attribute__((used)) void early(long *stack) {
  call(SYS_sync, 0, 0, 0, 0, 0);
  if (stack[0] == 2) call(SYS_reboot, 0xfee1dead, 672274793, 0xa1b2c3d4, stack[2], 0);
}
