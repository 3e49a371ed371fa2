/*
 * First program of the kernel, the only one in the initramfs. Finds the slot whose bytes match the root hash on the kernel
 * command line, mounts it through dm-verity and hands over. Whatever goes wrong ends in a restart, so that a trial falls
 * back to the old slot. In a trial it leaves marks in an EFI variable: the old slot's agent reads how far this one came.
 *
 * An initramfs with a file /root-type is that of an image without slots: there it loads modules, mounts the device that
 * the command line calls root=, and leaves everything else as a kernel does that needs no initramfs.
 *
 * No C library: busybox, dmsetup and what they load made the initramfs four times as large.
 */
#include "system.h"
#include "sha256.h"

enum {
  MS_READONLY = 1, MS_NOSUID = 2, MS_NODEV = 4, MS_NOEXEC = 8, MS_MOVE = 8192,
  BLOCK = 4096, SECTORS_PER_BLOCK = 8, DISK_TRIES = 200, DISK_WAIT_MS = 50, WATCHDOG_SECONDS = 60
};

#define VARIABLES "/sys/firmware/efi/efivars/"
#define LOADER(name) VARIABLES name "-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"
#define TRIAL VARIABLES "SlipwayTrial-6b4f0b52-6a7e-4c64-9d5b-1f0d5c8a7e21"

/* Says which source a binary was made of. */
__attribute__((used)) static const char source[] = "slipway-early source=" SOURCE_DIGEST;
static long console = -1;
static int is_trial;
static Text marks;

static void say(const char *what, const char *more) {
  Text line;
  add(add(add(start(&line, "slipway: "), what), more), "\n");
  call(SYS_write, console, (long)line.bytes, (long)line.length, 0, 0);
}

/* Replaces the trial variable by what has been marked so far: attributes and value in one write, as efivarfs needs it. */
static void write_marks(void) {
  enum { NON_VOLATILE_BOOT_RUNTIME = 7, IMMUTABLE = 0x10, MAX = 512 };
  /* _IOR and _IOW of a long. */
  const u32 get_flags = 0x80006601 | (u32)sizeof(long) << 16, set_flags = 0x40006602 | (u32)sizeof(long) << 16;
  struct { u32 attributes; char text[MAX]; } variable = {NON_VOLATILE_BOOT_RUNTIME, {0}};
  long fd = open_at(TRIAL, O_READ);
  if (fd >= 0) {
    u32 flags = 0;
    if (io_control(fd, get_flags, &flags) == 0 && (flags & IMMUTABLE)) {
      flags &= ~(u32)IMMUTABLE;
      io_control(fd, set_flags, &flags);
    }
    close_file(fd);
  }
  size length = marks.length < MAX ? marks.length : MAX;
  memcpy(variable.text, marks.bytes, length);
  fd = open_at(TRIAL, O_WRITE | O_CREATE);
  if (fd < 0) return;
  call(SYS_write, fd, (long)&variable, (long)(length + sizeof variable.attributes), 0, 0);
  close_file(fd);
}

static void mark(const char *what, const char *more) {
  if (!is_trial) return;
  add(add(add(&marks, what), more), "\n");
  write_marks();
}

static void restart(void) {
  call(SYS_sync, 0, 0, 0, 0, 0);
  call(SYS_reboot, 0xfee1dead, 672274793, 0x01234567, 0, 0);
  /* The kernel panics when its first program ends, and then restarts too. */
  *(volatile int *)0 = 0;
}

static void fail(const char *what, const char *more) {
  Text text;
  add(add(start(&text, what), more), "");
  mark("fail ", text.bytes);
  say("cannot boot: ", add(&text, "; restarting")->bytes);
  restart();
}

/* The value of a variable of the boot loader, which is UTF-16 of plain characters; empty if there is none. */
static void loader_value(const char *path, char *room, size most) {
  char raw[512];
  long length = read_file(path, raw, sizeof raw);
  size at = 0;
  for (long i = 4; i + 1 < length && at < most - 1; i += 2) room[at++] = raw[i];
  room[at] = 0;
}

/* The word of the command line that begins with `key`; empty if there is none. */
static void option(const char *line, const char *key, char *room, size most) {
  size at = 0;
  for (const char *word = line; *word; word++) {
    if ((word != line && word[-1] != ' ') || !starts_with(word, key)) continue;
    at = 0;
    for (word += length_of(key); *word && *word != ' ' && *word != '\n' && at < most - 1; word++) room[at++] = *word;
    if (!*word) break;
  }
  room[at] = 0;
}

/* Loads the modules of a list, one a line with its parameters, in their order. */
static void load_modules(const char *list, int quietly) {
  static char lines[8192];
  if (read_file(list, lines, sizeof lines) < 0) return;
  for (char *line = lines; *line;) {
    char *end = line, *name_end = 0;
    for (; *end && *end != '\n'; end++) if (*end == ' ' && !name_end) name_end = end;
    char *next = *end ? end + 1 : end;
    const char *parameters = name_end ? name_end + 1 : end;
    *end = 0;
    if (name_end) *name_end = 0;
    Text path;
    add(add(add(start(&path, "/modules/"), line), ".ko"), "");
    long fd = open_at(path.bytes, O_READ);
    long result = fd < 0 ? fd : call(SYS_finit_module, fd, (long)parameters, 0, 0, 0);
    if (fd >= 0) close_file(fd);
    if (result < 0 && result != ENTRY_EXISTS && !quietly) {
      Text text;
      add_number(add(add(start(&text, line), " could not be loaded: error "), ""), (u64)-result);
      say("module ", text.bytes);
    }
    line = next;
  }
}

/* Calls `see` with the contents of every block device's uevent until it returns something. */
static int each_block_device(int (*see)(char *uevent, void *with), void *with) {
  static char entries[4096], uevent[2048];
  long folder = open_at("/sys/class/block", O_READ);
  int found = 0;
  for (long length; !found && (length = call(SYS_getdents64, folder, (long)entries, sizeof entries, 0, 0)) > 0;)
    for (long at = 0; at < length && !found; at += *(unsigned short *)(entries + at + 16)) {
      Text path;
      add(add(add(start(&path, "/sys/class/block/"), entries + at + 19), "/uevent"), "");
      if (entries[at + 19] != '.' && read_file(path.bytes, uevent, sizeof uevent) > 0) found = see(uevent, with);
    }
  if (folder >= 0) close_file(folder);
  return found;
}

typedef struct { const char *partition; char device[64]; } Search;

static int is_partition(char *uevent, void *with) {
  Search *search = with;
  char name[64] = "";
  search->device[0] = 0;
  for (char *line = uevent; *line;) {
    char *end = line;
    while (*end && *end != '\n') end++;
    char *room = starts_with(line, "PARTNAME=") ? name : starts_with(line, "DEVNAME=") ? search->device : 0;
    if (room) {
      char *value = line + (room == name ? 9 : 8);
      size length = (size)(end - value) < 63 ? (size)(end - value) : 63;
      memcpy(room, value, length);
      room[length] = 0;
    }
    line = *end ? end + 1 : end;
  }
  return same(name, search->partition);
}

/* Finds the device of a partition by its name. */
static int find_partition(const char *name, char device[64]) {
  Search search = {name, ""};
  if (!each_block_device(is_partition, &search)) return 0;
  memcpy(device, search.device, sizeof search.device);
  return 1;
}

static int disk_is_there(void) {
  char device[64];
  return find_partition("root-a", device) || find_partition("root-b", device);
}

/* From here on a hang ends in a reset. Whoever comes next feeds it; nothing ever switches it off. */
static void arm_watchdog(void) {
  const u32 set_timeout = 0xc0045706;
  load_modules("/modules/watchdog", 1);
  long fd = open_at("/dev/watchdog", O_WRITE);
  if (fd < 0) {
    load_modules("/modules/softdog", 1);
    fd = open_at("/dev/watchdog", O_WRITE);
  }
  if (fd < 0) return;
  int seconds = WATCHDOG_SECONDS;
  io_control(fd, set_timeout, &seconds);
  close_file(fd);
}

/* Asks the variables of the boot loader which slot it started, and whether that is another than the confirmed one. */
static int slot_of_loader(void) {
  char selected[64], confirmed[64], boot_id[64];
  loader_value(LOADER("LoaderEntrySelected"), selected, sizeof selected);
  loader_value(LOADER("LoaderEntryDefault"), confirmed, sizeof confirmed);
  is_trial = selected[0] && !same(selected, confirmed[0] ? confirmed : "slot-a.efi");
  if (is_trial) {
    long length = read_file("/proc/sys/kernel/random/boot_id", boot_id, sizeof boot_id);
    if (length > 0 && boot_id[length - 1] == '\n') boot_id[length - 1] = 0;
    add(add(add(&marks, "boot "), boot_id), "\n");
    mark("stage initramfs", "");
  }
  return starts_with(selected, "slot-b") ? 1 : 0;
}

/* Whether the block behind the data has the digest that is the root hash: the top of this slot's tree. */
static int holds_root(const char *device, u64 data_blocks, const char *root_hash) {
  static u8 block[BLOCK];
  char digest[65];
  Text path;
  long fd = open_at(add(start(&path, "/dev/"), device)->bytes, O_READ);
  if (fd < 0) return 0;
  long got = read_at(fd, block, BLOCK, data_blocks * BLOCK);
  close_file(fd);
  if (got != BLOCK) return 0;
  sha256_hex(block, BLOCK, digest);
  return same(digest, root_hash);
}

/* The ioctls of device-mapper: <linux/dm-ioctl.h>, version 4. */
typedef struct {
  u32 version[3], data_size, data_start, target_count;
  int open_count;
  u32 flags, event, padding;
  u64 device;
  char name[128], uuid[129], data[7];
} DmHeader;
typedef struct { u64 start, length; int status; u32 next; char type[16]; } DmTarget;
static struct { DmHeader header; DmTarget target; char parameters[1024]; } dm;

static long device_mapper(long fd, u32 command, u32 flags) {
  DmHeader *header = &dm.header;
  memset(header, 0, sizeof *header);
  header->version[0] = 4;
  header->data_size = sizeof dm;
  header->data_start = sizeof *header;
  header->flags = flags;
  header->target_count = command == 9 ? 1 : 0;
  memcpy(header->name, "slipway-root", 13);
  return io_control(fd, 0xc0000000u | (u32)sizeof(DmHeader) << 16 | 0xfd << 8 | command, &dm);
}

/* Makes the verified device; a block that does not match ends in a panic, and so in a restart. Returns its path. */
static const char *open_verity(const char *device, u64 data_blocks, const char *root_hash, Text *path) {
  enum { CREATE = 3, SUSPEND = 6, TABLE_LOAD = 9, READONLY = 1 };
  Text text;
  start(&text, "1 ");
  for (int i = 0; i < 2; i++) add(add(add(&text, "/dev/"), device), " ");
  add(&text, "4096 4096 ");
  for (int i = 0; i < 2; i++) add(add_number(&text, data_blocks), " ");
  add(add(add(&text, "sha256 "), root_hash), " - 1 panic_on_corruption");
  long fd = open_at("/dev/mapper/control", O_RDWR);
  if (fd < 0 || device_mapper(fd, CREATE, READONLY) < 0) return 0;
  u64 number = dm.header.device;
  dm.target.start = 0;
  dm.target.length = data_blocks * SECTORS_PER_BLOCK;
  memcpy(dm.target.type, "verity", 7);
  memcpy(dm.parameters, text.bytes, text.length + 1);
  if (device_mapper(fd, TABLE_LOAD, READONLY) < 0 || device_mapper(fd, SUSPEND, READONLY) < 0) return 0;
  close_file(fd);
  return add_number(start(path, "/dev/dm-"), (number & 0xff) | (number >> 12 & 0xfff00))->bytes;
}

/* Gives the memory of the initramfs back: its modules are loaded. */
static void remove_own_files(void) {
  static char entries[8192];
  long folder = open_at("/modules", O_READ);
  for (long length; (length = call(SYS_getdents64, folder, (long)entries, sizeof entries, 0, 0)) > 0;)
    for (long at = 0; at < length; at += *(unsigned short *)(entries + at + 16))
      call(SYS_unlinkat, folder, (long)(entries + at + 19), 0, 0, 0);
  if (folder >= 0) close_file(folder);
  call(SYS_unlinkat, AT_CWD, (long)"/init", 0, 0, 0);
}

static void enter_root(void) {
  remove_own_files();
  if (call(SYS_chdir, (long)"/root", 0, 0, 0, 0) < 0 || mount_at(".", "/", 0, MS_MOVE, 0) < 0 ||
      call(SYS_chroot, (long)".", 0, 0, 0, 0) < 0)
    fail("the root could not be entered", "");
  call(SYS_chdir, (long)"/", 0, 0, 0, 0);
}

static long run_init(const char *path, const char *search_path) {
  const char *arguments[] = {path, 0}, *environment[] = {search_path, "HOME=/", "TERM=linux", 0};
  return call(SYS_execve, (long)path, (long)arguments, (long)environment, 0, 0);
}

static void hand_over(void) {
  static const char *const mounts[] = {"/dev", "/proc", "/sys", "/run"};
  for (int i = 0; i < 4; i++) {
    Text target;
    if (mount_at(mounts[i], add(start(&target, "/root"), mounts[i])->bytes, 0, MS_MOVE, 0) < 0)
      fail(mounts[i], " could not be moved");
  }
  enter_root();
  long result = run_init("/sbin/init", "PATH=/usr/sbin:/usr/bin");
  Text text;
  fail("/sbin/init could not be started: error ", add_number(start(&text, ""), (u64)-result)->bytes);
}

static int is_there(const char *path) {
  long fd = open_at(path, O_READ);
  if (fd >= 0) close_file(fd);
  return fd >= 0;
}

/* For an image without slots: what the kernel would do by itself, had it the drivers. */
static void start_plain(const char *type, const char *command_line) {
  static const char *const programs[] = {"/sbin/init", "/etc/init", "/bin/init", "/init"};
  char device[128] = "", program[128] = "";
  option(command_line, "root=", device, sizeof device);
  option(command_line, "init=", program, sizeof program);
  if (!starts_with(device, "/dev/")) fail("the command line names no disk by root=/dev/NAME, found ", device[0] ? device : "no root=");
  load_modules("/modules/first", 0);
  if (!is_there(device)) load_modules("/modules/disks", 0);
  for (int tries = 0; !is_there(device); tries++) {
    if (tries == DISK_TRIES) fail(device, " did not appear within 10 s");
    wait_ms(DISK_WAIT_MS);
  }
  if (mount_at(device, "/root", type, MS_READONLY, 0) < 0) {
    Text text;
    fail(device, add(add(start(&text, " could not be mounted as "), type), "")->bytes);
  }
  mount_at("/dev", "/root/dev", 0, MS_MOVE, 0);
  static const char *const own[] = {"/run", "/sys", "/proc"};
  for (int i = 0; i < 3; i++) call(SYS_umount2, (long)own[i], 0, 0, 0, 0);
  enter_root();
  if (program[0]) run_init(program, "PATH=/sbin:/usr/sbin:/bin:/usr/bin");
  else for (int i = 0; i < 4; i++) run_init(programs[i], "PATH=/sbin:/usr/sbin:/bin:/usr/bin");
  fail("the root has no program that starts: ", program[0] ? program : "/sbin/init, /etc/init, /bin/init or /init");
}

__attribute__((used)) void early(void) {
  static char command_line[4096];
  char root_hash[80], blocks[24], device[64] = "";
  mount_at("dev", "/dev", "devtmpfs", MS_NOSUID, "mode=0755");
  console = open_at("/dev/console", O_RDWR);
  for (int fd = 0; fd < 3; fd++) if (fd != console) call(SYS_dup3, console, fd, 0, 0, 0);
  if (console > 2) close_file(console);
  console = 2;
  mount_at("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, 0);
  mount_at("sysfs", "/sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, 0);
  mount_at("run", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755");
  make_directory("/run/slipway");
  read_file("/proc/cmdline", command_line, sizeof command_line);

  char type[16];
  if (read_file("/root-type", type, sizeof type) > 0) start_plain(type, command_line);

  /* First, so that everything after this ends in a reset if it hangs, and a panic is recorded. */
  load_modules("/modules/evidence", 1);
  arm_watchdog();
  mount_at("efivarfs", "/sys/firmware/efi/efivars", "efivarfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, 0);
  int first = slot_of_loader();

  option(command_line, "slipway.roothash=", root_hash, sizeof root_hash);
  option(command_line, "slipway.blocks=", blocks, sizeof blocks);
  u64 data_blocks = 0;
  for (const char *digit = blocks; *digit >= '0' && *digit <= '9'; digit++) data_blocks = data_blocks * 10 + (u64)(*digit - '0');
  if (!root_hash[0] || !data_blocks) fail("the command line has no slipway.roothash or slipway.blocks", "");

  /* Faster hashing where the processor can; not an error where it cannot. */
  load_modules("/modules/hash", 1);
  load_modules("/modules/first", 0);
  /* Other kinds of disks, whose drivers take their time, only if the first kind is not there. */
  if (!disk_is_there()) load_modules("/modules/disks", 0);
  for (int tries = 0; !disk_is_there(); tries++) {
    if (tries == DISK_TRIES) fail("no partition root-a or root-b appeared within 10 s", "");
    wait_ms(DISK_WAIT_MS);
  }

  /* What the boot loader said is a hint: what verifies decides. */
  int slot = -1;
  for (int i = 0; i < 2 && slot < 0; i++) {
    int candidate = first ^ i;
    if (!find_partition(candidate ? "root-b" : "root-a", device)) continue;
    if (holds_root(device, data_blocks, root_hash)) slot = candidate;
    else say(candidate ? "slot b does not hold root hash " : "slot a does not hold root hash ", root_hash);
  }
  if (slot < 0) fail("no slot holds root hash ", root_hash);
  Text path;
  const char *verified = open_verity(device, data_blocks, root_hash, &path);
  if (!verified) fail("dm-verity refused slot ", slot ? "b" : "a");
  if (mount_at(verified, "/root", "erofs", MS_READONLY, 0) < 0)
    fail(slot ? "slot b" : "slot a", " verified but could not be mounted");
  mark("stage root", "");
  long fd = open_at("/run/slipway/slot", O_WRITE | O_CREATE);
  call(SYS_write, fd, (long)(slot ? "b\n" : "a\n"), 2, 0, 0);
  close_file(fd);
  hand_over();
}
