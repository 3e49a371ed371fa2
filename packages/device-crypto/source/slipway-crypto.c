// What the agent on QuickJS cannot do itself, by Mbed TLS: hold a TLS connection, make keys, requests and signatures, read
// certificates, check the signature of a release. One command per call; see `usage`. Called by
// device-agent/src/runtime/quickjs only, which is held to the promises of runtime/port.ts.
//
// Nothing that it is given is trusted, but for the paths in its arguments. Status 0: done; 1: refused (a signature, a
// certificate, a connection that ended badly); 2: signed well by somebody who is not trusted; 64: called wrongly; 70: no
// memory, no randomness, no such file.
#include "parts.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mbedtls/error.h>
#include <psa/crypto.h>

const char SOURCE[] = "slipway-crypto source=" SOURCE_DIGEST;

void stop(int status, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(status);
}

void must(int result, int status, const char *what) {
    char reason[160];
    if (result >= 0) return;
    mbedtls_strerror(result, reason, sizeof reason);
    stop(status, "%s: %s", what, reason);
}

size_t read_input(unsigned char *into, size_t room) {
    size_t length = 0;
    for (;;) {
        ssize_t got = read(STDIN_FILENO, into + length, room - length);
        if (got < 0) stop(TROUBLE, "the input cannot be read");
        if (got == 0) return length;
        length += (size_t)got;
        if (length == room) stop(USAGE, "expected less than %zu bytes of input", room);
    }
}

static const char *const usage =
    "usage: slipway-crypto connect HOST PORT [--ca FILE] [--certificate FILE --key FILE]\n"
    "       slipway-crypto new-key\n"
    "       slipway-crypto request KEY NAME\n"
    "       slipway-crypto sign KEY < TEXT\n"
    "       slipway-crypto public-key < KEY\n"
    "       slipway-crypto certificate < CERTIFICATE\n"
    "       slipway-crypto verify ROOT SECONDS CERTIFICATES,LENGTH ATTRIBUTES,LENGTH SIGNATURE,LENGTH < CMS";

int main(int count, char **words) {
    const char *command = count > 1 ? words[1] : "";
    signal(SIGPIPE, SIG_IGN);
    if (!strcmp(command, "--version")) return puts(SOURCE) < 0;
    if (psa_crypto_init() != PSA_SUCCESS) stop(TROUBLE, "no source of randomness");
    if (!strcmp(command, "connect") && count >= 4) return connect_tls(count - 2, words + 2);
    if (!strcmp(command, "new-key") && count == 2) return new_key();
    if (!strcmp(command, "request") && count == 4) return new_request(words[2], words[3]);
    if (!strcmp(command, "sign") && count == 3) return sign_input(words[2]);
    if (!strcmp(command, "public-key") && count == 2) return print_public_key();
    if (!strcmp(command, "certificate") && count == 2) return print_certificate();
    if (!strcmp(command, "verify") && count == 7) return verify_signed(words + 2);
    stop(USAGE, "%s", usage);
}
