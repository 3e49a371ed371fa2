// A TLS connection between a server and this program's standard input and output.
#include "parts.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <mbedtls/net_sockets.h>
#include <mbedtls/pk.h>
#include <mbedtls/psa_util.h>
#include <mbedtls/ssl.h>
#include <mbedtls/x509_crt.h>

static const char *const SYSTEM_CAS = "/etc/ssl/certs/ca-certificates.crt";

/** TLS 1.3, and of TLS 1.2 what has forward secrecy and authenticated encryption; first what small processors do fastest. */
static const int SUITES[] = {MBEDTLS_TLS1_3_CHACHA20_POLY1305_SHA256,
                             MBEDTLS_TLS1_3_AES_128_GCM_SHA256,
                             MBEDTLS_TLS1_3_AES_256_GCM_SHA384,
                             MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
                             MBEDTLS_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
                             MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
                             MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
                             MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
                             MBEDTLS_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
                             0};

static int open_socket(const char *host, const char *port) {
    struct addrinfo wanted = {.ai_socktype = SOCK_STREAM}, *found;
    int error = getaddrinfo(host, port, &wanted, &found), fd = -1, why = 0, on = 1;
    if (error) stop(REFUSED, "%s", gai_strerror(error));
    for (struct addrinfo *one = found; one && fd < 0; one = one->ai_next) {
        int candidate = socket(one->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (candidate >= 0 && connect(candidate, one->ai_addr, one->ai_addrlen) == 0) {
            fd = candidate;
        } else {
            why = errno;
            if (candidate >= 0) close(candidate);
        }
    }
    freeaddrinfo(found);
    if (fd < 0) stop(REFUSED, "%s", strerror(why));
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

static int send_some(void *fd, const unsigned char *bytes, size_t length) {
    ssize_t sent = send(*(int *)fd, bytes, length, MSG_NOSIGNAL);
    if (sent >= 0) return (int)sent;
    return errno == EAGAIN || errno == EINTR ? MBEDTLS_ERR_SSL_WANT_WRITE : MBEDTLS_ERR_NET_CONN_RESET;
}

static int receive_some(void *fd, unsigned char *bytes, size_t length) {
    ssize_t got = recv(*(int *)fd, bytes, length, 0);
    if (got > 0) return (int)got;
    if (got == 0) return MBEDTLS_ERR_SSL_CONN_EOF;
    return errno == EAGAIN || errno == EINTR ? MBEDTLS_ERR_SSL_WANT_READ : MBEDTLS_ERR_NET_CONN_RESET;
}

typedef struct {
    unsigned char bytes[16];
    size_t length;
} address;

/** @return length 0 where the host is a name */
static address address_of(const char *host) {
    address result = {.length = 0};
    if (inet_pton(AF_INET, host, result.bytes) == 1) result.length = 4;
    else if (inet_pton(AF_INET6, host, result.bytes) == 1) result.length = 16;
    return result;
}

/** A server that is asked for by address must have it in its certificate; a name is checked by the library. */
static int has_address(void *wanted, mbedtls_x509_crt *certificate, int depth, uint32_t *flags) {
    const address *one = wanted;
    if (depth != 0 || one->length == 0) return 0;
    for (const mbedtls_x509_sequence *at = &certificate->subject_alt_names; at; at = at->next)
        if (at->buf.tag == (MBEDTLS_ASN1_CONTEXT_SPECIFIC | MBEDTLS_X509_SAN_IP_ADDRESS) && at->buf.len == one->length &&
            !memcmp(at->buf.p, one->bytes, one->length))
            return 0;
    *flags |= MBEDTLS_X509_BADCERT_CN_MISMATCH;
    return 0;
}

static void shake_hands(mbedtls_ssl_context *ssl, int fd, const char *host, int is_address) {
    for (;;) {
        int result = mbedtls_ssl_handshake(ssl);
        if (result == 0) return;
        if (result == MBEDTLS_ERR_SSL_WANT_READ || result == MBEDTLS_ERR_SSL_WANT_WRITE) {
            // Who started this may have gone: then its end of the input has hung up.
            struct pollfd both[] = {{.fd = fd, .events = result == MBEDTLS_ERR_SSL_WANT_READ ? POLLIN : POLLOUT},
                                    {.fd = STDIN_FILENO, .events = 0}};
            poll(both, 2, -1);
            if (both[1].revents & (POLLHUP | POLLERR)) stop(REFUSED, "given up");
            continue;
        }
        uint32_t flags = mbedtls_ssl_get_verify_result(ssl);
        if (result == MBEDTLS_ERR_X509_CERT_VERIFY_FAILED && flags != 0 && flags != (uint32_t)-1) {
            char why[512];
            if (flags & MBEDTLS_X509_BADCERT_CN_MISMATCH)
                stop(REFUSED, "the certificate of the server is refused: it is not for the %s %s",
                     is_address ? "IP address" : "hostname", host);
            mbedtls_x509_crt_verify_info(why, sizeof why, "", flags);
            why[strcspn(why, "\n")] = 0;
            stop(REFUSED, "the certificate of the server is refused: %s", why);
        }
        if (result == MBEDTLS_ERR_SSL_CONN_EOF) stop(REFUSED, "the server ended the connection in the handshake");
        must(result, REFUSED, "TLS");
    }
}

typedef struct {
    unsigned char bytes[16384];
    size_t from, to;
} buffer;

/** Carries bytes both ways until either side ends. What cannot be passed on holds up what comes from there, nothing else. */
static int carry(mbedtls_ssl_context *ssl, int fd) {
    static buffer up, down;
    short write_wants; // what the socket must be ready for before the library can go on
    fcntl(STDIN_FILENO, F_SETFL, fcntl(STDIN_FILENO, F_GETFL) | O_NONBLOCK);
    fcntl(STDOUT_FILENO, F_SETFL, fcntl(STDOUT_FILENO, F_GETFL) | O_NONBLOCK);
    for (;;) {
        int is_quiet = 1;
        if (up.from == up.to) {
            ssize_t got = read(STDIN_FILENO, up.bytes, sizeof up.bytes);
            if (got == 0) {
                mbedtls_ssl_close_notify(ssl);
                return 0;
            }
            if (got < 0 && errno != EAGAIN && errno != EINTR) stop(REFUSED, "input: %s", strerror(errno));
            up.from = 0;
            up.to = got < 0 ? 0 : (size_t)got;
        }
        write_wants = 0;
        if (up.from < up.to) {
            int sent = mbedtls_ssl_write(ssl, up.bytes + up.from, up.to - up.from);
            if (sent == MBEDTLS_ERR_SSL_WANT_WRITE) write_wants = POLLOUT;
            else if (sent == MBEDTLS_ERR_SSL_WANT_READ) write_wants = POLLIN;
            else must(sent, REFUSED, "sending");
            if (sent > 0) {
                up.from += (size_t)sent;
                is_quiet = 0;
            }
        }
        if (down.from == down.to) {
            int got = mbedtls_ssl_read(ssl, down.bytes, sizeof down.bytes);
            down.from = down.to = 0;
            if (got > 0) down.to = (size_t)got;
            else if (got == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET) is_quiet = 0;
            else if (got == 0 || got == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY || got == MBEDTLS_ERR_SSL_CONN_EOF) return 0;
            else if (got == MBEDTLS_ERR_SSL_WANT_WRITE) write_wants |= POLLOUT;
            else if (got != MBEDTLS_ERR_SSL_WANT_READ) must(got, REFUSED, "receiving");
        }
        if (down.from < down.to) {
            ssize_t passed = write(STDOUT_FILENO, down.bytes + down.from, down.to - down.from);
            if (passed < 0 && errno != EAGAIN && errno != EINTR) stop(REFUSED, "output: %s", strerror(errno));
            if (passed > 0) {
                down.from += (size_t)passed;
                is_quiet = 0;
            }
        }
        if (!is_quiet) continue;
        short of_socket = (short)((down.from == down.to ? POLLIN : 0) | write_wants);
        struct pollfd all[] = {{.fd = of_socket ? fd : -1, .events = of_socket},
                               {.fd = up.from == up.to ? STDIN_FILENO : -1, .events = POLLIN},
                               {.fd = down.from < down.to ? STDOUT_FILENO : -1, .events = POLLOUT}};
        if (poll(all, 3, -1) < 0 && errno != EINTR) stop(TROUBLE, "poll: %s", strerror(errno));
    }
}

int connect_tls(int count, char **words) {
    const char *host = words[0], *port = words[1], *ca = SYSTEM_CAS, *certificate = NULL, *key = NULL;
    static mbedtls_ssl_config config;
    static mbedtls_ssl_context ssl;
    static mbedtls_x509_crt authorities, own;
    static mbedtls_pk_context own_key;
    for (int at = 2; at < count; at += 2) {
        const char **option = !strcmp(words[at], "--ca")            ? &ca
                              : !strcmp(words[at], "--certificate") ? &certificate
                              : !strcmp(words[at], "--key")         ? &key
                                                                    : NULL;
        if (option == NULL || at + 1 == count) stop(USAGE, "connect: unknown option, or one without a value: %s", words[at]);
        *option = words[at + 1];
    }
    if ((certificate == NULL) != (key == NULL)) stop(USAGE, "connect: a certificate and its key belong together");

    mbedtls_ssl_config_init(&config);
    must(mbedtls_ssl_config_defaults(&config, MBEDTLS_SSL_IS_CLIENT, MBEDTLS_SSL_TRANSPORT_STREAM,
                                     MBEDTLS_SSL_PRESET_DEFAULT),
         TROUBLE, "TLS");
    mbedtls_ssl_conf_rng(&config, mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE);
    mbedtls_ssl_conf_ciphersuites(&config, SUITES);
    mbedtls_x509_crt_init(&authorities);
    must(mbedtls_x509_crt_parse_file(&authorities, ca), TROUBLE, ca);
    mbedtls_ssl_conf_ca_chain(&config, &authorities, NULL);
    mbedtls_ssl_conf_authmode(&config, MBEDTLS_SSL_VERIFY_REQUIRED);
    if (certificate != NULL) {
        mbedtls_x509_crt_init(&own);
        must(mbedtls_x509_crt_parse_file(&own, certificate), TROUBLE, certificate);
        mbedtls_pk_init(&own_key);
        must(mbedtls_pk_parse_keyfile(&own_key, key, NULL, mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE), TROUBLE, key);
        must(mbedtls_ssl_conf_own_cert(&config, &own, &own_key), TROUBLE, "TLS");
    }
    address wanted = address_of(host);
    mbedtls_ssl_conf_verify(&config, has_address, &wanted);
    mbedtls_ssl_init(&ssl);
    must(mbedtls_ssl_setup(&ssl, &config), TROUBLE, "TLS");
    // An address is no server name (RFC 6066, 3), and is checked above.
    must(mbedtls_ssl_set_hostname(&ssl, wanted.length > 0 ? NULL : host), TROUBLE, host);

    int fd = open_socket(host, port);
    mbedtls_ssl_set_bio(&ssl, &fd, send_some, receive_some, NULL);
    shake_hands(&ssl, fd, host, wanted.length > 0);
    return carry(&ssl, fd);
}
