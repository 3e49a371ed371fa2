#pragma once
#include <stddef.h>

enum { REFUSED = 1, UNTRUSTED = 2, USAGE = 64, TROUBLE = 70 };

/** Says why on the error output, in one line, and ends. */
_Noreturn void stop(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** Ends with the library's own reason where `result` is one of its errors. */
void must(int result, int status, const char *what);

/** All of the standard input, which must be shorter than `room`. @return its length */
size_t read_input(unsigned char *into, size_t room);

int connect_tls(int count, char **words);
int new_key(void);
int new_request(const char *key_path, const char *name);
int sign_input(const char *key_path);
int print_public_key(void);
int print_certificate(void);
int verify_signed(char **words);
