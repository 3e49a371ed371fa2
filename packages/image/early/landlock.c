/*
 * First program of a container that declares what it may reach: tells the kernel's Landlock, then becomes the program of
 * the container, which can take on more rules and never get rid of these.
 *
 *   landlock [read=PATH | write=PATH | execute=PATH | bind[=PORT] | connect[=PORT]]… -- PROGRAM [ARGUMENT…]
 *
 * What no rule names is refused: files always, TCP ports where `bind` or `connect` is given. A kernel that cannot hold to
 * it starts nothing: a promise that is kept only here and there is none. So Linux 6.2 is the first, before which files that
 * no rule names can be emptied. Later ones hold to more: commands to devices (6.10), signals and abstract sockets (6.12).
 */
#include "system.h"

enum {
  LANDLOCK_CREATE = 444, LANDLOCK_ADD_RULE = 445, LANDLOCK_RESTRICT_SELF = 446,
  VERSION = 1, RULE_PATH = 1, RULE_PORT = 2, SET_NO_NEW_PRIVILEGES = 38, O_PATH = 010000000, O_CLOSE_ON_EXEC = 02000000,
  NO_ENTRY = -2, NOT_ALLOWED = -13, NO_DIRECTORY = -20, INVALID = -22, REFUSED = 126, NOT_FOUND = 127,
  WITH_TRUNCATE = 3, WITH_PORTS = 4
};

typedef unsigned long long Rights;
/* By the bits of <linux/landlock.h>. */
enum {
  EXECUTE = 1 << 0, WRITE_FILE = 1 << 1, READ_FILE = 1 << 2, READ_DIRECTORY = 1 << 3, CHANGE_DIRECTORY = 0x1ff0,
  LINK_ACROSS = 1 << 13, TRUNCATE = 1 << 14, CONTROL_DEVICE = 1 << 15,
  READ = READ_FILE | READ_DIRECTORY,
  WRITE = READ | WRITE_FILE | CHANGE_DIRECTORY | LINK_ACROSS | TRUNCATE | CONTROL_DEVICE,
  OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | CONTROL_DEVICE,
  BIND = 1 << 0, CONNECT = 1 << 1
};
/* Which rights of files versions of the interface know. */
enum { KNOWN_RIGHTS = 0x7fff, WITH_DEVICES = 5, WITH_SCOPES = 6, ALL_SCOPES = 3 };

typedef struct { Rights files, ports, scopes; } RuleSet;
typedef struct __attribute__((packed)) { Rights allowed; int parent; } PathRule;
typedef struct { Rights allowed, port; } PortRule;

/* Says which source a binary was made of. */
__attribute__((used)) static const char source[] = "slipway-landlock source=" SOURCE_DIGEST;

static void say(const char *what, const char *more) {
  Text line;
  add(add(add(start(&line, "slipway-landlock: "), what), more), "\n");
  call(SYS_write, 2, (long)line.bytes, (long)line.length, 0, 0);
}
static void end(int status, const char *what, const char *more) {
  say(what, more);
  for (;;) call(SYS_exit_group, status, 0, 0, 0, 0);
}

/* What comes after `name=`; 0 if it is another word. */
static const char *value_of(const char *word, const char *name) {
  return starts_with(word, name) && word[length_of(name)] == '=' ? word + length_of(name) + 1 : 0;
}

static void allow_path(long rules, const char *path, Rights rights) {
  long fd = open_at(path, O_PATH | O_CLOSE_ON_EXEC);
  /* What is not there cannot be reached, and images of other architectures may have it. */
  if (fd == NO_ENTRY || fd == NO_DIRECTORY) return say("there is no ", path);
  if (fd < 0) end(REFUSED, "cannot open ", path);
  PathRule rule = {rights, (int)fd};
  long result = call(LANDLOCK_ADD_RULE, rules, RULE_PATH, (long)&rule, 0, 0);
  if (result == INVALID) {
    /* A file has no entries, and takes no rights about them. */
    rule.allowed &= OF_FILES;
    result = call(LANDLOCK_ADD_RULE, rules, RULE_PATH, (long)&rule, 0, 0);
  }
  if (result < 0) end(REFUSED, "the kernel refused the rule for ", path);
  close_file(fd);
}

static void allow_port(long rules, const char *text, Rights right) {
  PortRule rule = {right, 0};
  for (const char *digit = text; *digit; digit++) rule.port = rule.port * 10 + (Rights)(*digit - '0');
  if (call(LANDLOCK_ADD_RULE, rules, RULE_PORT, (long)&rule, 0, 0) < 0)
    end(REFUSED, "the kernel refused the rule for port ", text);
}

static void restrict_self(char *const *words) {
  RuleSet set = {0, 0, 0};
  for (char *const *word = words; *word && !same(*word, "--"); word++) {
    if (same(*word, "bind")) set.ports |= BIND;
    if (same(*word, "connect")) set.ports |= CONNECT;
  }
  long version = call(LANDLOCK_CREATE, 0, 0, VERSION, 0, 0);
  if (version < 1) end(REFUSED, "this kernel has no Landlock; ", "use one with CONFIG_SECURITY_LANDLOCK, and landlock in its list of lsm");
  if (version < WITH_TRUNCATE) end(REFUSED, "this kernel lets files be emptied that no rule names; ", "use Linux 6.2 or later");
  if (set.ports && version < WITH_PORTS) end(REFUSED, "rules for ports need Linux 6.7; ", "take bind and connect out of the rules");
  set.files = KNOWN_RIGHTS | (version >= WITH_DEVICES ? CONTROL_DEVICE : 0);
  if (version >= WITH_SCOPES) set.scopes = ALL_SCOPES;
  long rules = call(LANDLOCK_CREATE, (long)&set, sizeof set, 0, 0, 0);
  if (rules < 0) end(REFUSED, "the kernel refused to make rules", "");
  for (char *const *word = words; *word && !same(*word, "--"); word++) {
    const char *value;
    if ((value = value_of(*word, "read"))) allow_path(rules, value, READ & set.files);
    else if ((value = value_of(*word, "write"))) allow_path(rules, value, WRITE & set.files);
    else if ((value = value_of(*word, "execute"))) allow_path(rules, value, (EXECUTE | READ) & set.files);
    else if ((value = value_of(*word, "bind"))) allow_port(rules, value, BIND);
    else if ((value = value_of(*word, "connect"))) allow_port(rules, value, CONNECT);
    else if (!same(*word, "bind") && !same(*word, "connect")) end(REFUSED, "no such rule: ", *word);
  }
  /* Without it only an administrator of the machine may restrict itself. */
  if (call(SYS_prctl, SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0) < 0) end(REFUSED, "cannot give up new privileges", "");
  if (call(LANDLOCK_RESTRICT_SELF, rules, 0, 0, 0, 0) < 0) end(REFUSED, "the kernel refused the rules", "");
  close_file(rules);
}

/* As execvp finds it. */
static void become(char *const *words, char *const *environment) {
  const char *name = words[0], *path = "/usr/sbin:/usr/bin:/sbin:/bin";
  int has_folder = 0, was_refused = 0;
  for (const char *at = name; *at; at++) has_folder |= *at == '/';
  for (char *const *word = environment; *word; word++)
    if (value_of(*word, "PATH")) path = value_of(*word, "PATH");
  if (has_folder) {
    long result = call(SYS_execve, (long)name, (long)words, (long)environment, 0, 0);
    end(result == NO_ENTRY ? NOT_FOUND : REFUSED, result == NOT_ALLOWED ? "not allowed to run " : "cannot run ", name);
  }
  for (const char *at = path; *at;) {
    Text whole;
    char letter[2] = {0, 0};
    for (start(&whole, ""); *at && *at != ':'; at++) {
      letter[0] = *at;
      add(&whole, letter);
    }
    add(add(&whole, "/"), name);
    long result = call(SYS_execve, (long)whole.bytes, (long)words, (long)environment, 0, 0);
    was_refused |= result == NOT_ALLOWED;
    if (*at) at++;
  }
  end(was_refused ? REFUSED : NOT_FOUND, was_refused ? "not allowed to run " : "no such program: ", name);
}

__attribute__((used)) void early(long *stack) {
  char **words = (char **)(stack + 1);
  char **environment = words + stack[0] + 1;
  char **program = words;
  while (*program && !same(*program, "--")) program++;
  if (!*program || !program[1]) end(REFUSED, "expected rules, -- and a program", "");
  restrict_self(words + 1);
  become(program + 1, environment);
}
