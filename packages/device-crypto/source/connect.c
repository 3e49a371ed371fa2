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

/** Signature algorithms. For RSA, TLS 1.3 knows PSS only; see `must_do_without_pss`. */
static const uint16_t SIGNATURES[] = {MBEDTLS_TLS1_3_SIG_ECDSA_SECP256R1_SHA256,
                                      MBEDTLS_TLS1_3_SIG_ECDSA_SECP384R1_SHA384,
                                      MBEDTLS_TLS1_3_SIG_ECDSA_SECP521R1_SHA512,
                                      MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA256,
                                      MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA384,
                                      MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA512,
                                      MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA256,
                                      MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA384,
                                      MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA512,
                                      MBEDTLS_TLS1_3_SIG_NONE};
static const uint16_t SIGNATURES_WITHOUT_PSS[] = {MBEDTLS_TLS1_3_SIG_ECDSA_SECP256R1_SHA256,
                                                  MBEDTLS_TLS1_3_SIG_ECDSA_SECP384R1_SHA384,
                                                  MBEDTLS_TLS1_3_SIG_ECDSA_SECP521R1_SHA512,
                                                  MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA256,
                                                  MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA384,
                                                  MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA512,
                                                  MBEDTLS_TLS1_3_SIG_NONE};

/** Of one address; a name may have others. */
static const int CONNECT_MS = 8000;

/** Waits until the socket is ready. Ends where who started this has gone: then its end of the input has hung up. */
static int wait_for(int fd, short events, int timeout_ms) {
    struct pollfd both[] = {{.fd = fd, .events = events}, {.fd = STDIN_FILENO, .events = 0}};
    int ready = poll(both, 2, timeout_ms);
    if (both[1].revents & (POLLHUP | POLLERR)) stop(REFUSED, "given up");
    return ready;
}

/** @return 0, or why not */
static int try_address(int fd, const struct addrinfo *to) {
    int error = 0;
    socklen_t length = sizeof error;
    if (connect(fd, to->ai_addr, to->ai_addrlen) == 0) return 0;
    if (errno != EINPROGRESS) return errno;
    if (wait_for(fd, POLLOUT, CONNECT_MS) == 0) return ETIMEDOUT;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0 ? errno : error;
}

static int open_socket(const char *host, const char *port) {
    struct addrinfo wanted = {.ai_socktype = SOCK_STREAM}, *found;
    int error = getaddrinfo(host, port, &wanted, &found), on = 1;
    if (error) stop(REFUSED, "%s", gai_strerror(error));
    for (struct addrinfo *one = found; one; one = one->ai_next) {
        int fd = socket(one->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        error = fd < 0 ? errno : try_address(fd, one);
        if (error == 0) {
            freeaddrinfo(found);
            setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            return fd;
        }
        if (fd >= 0) close(fd);
    }
    stop(REFUSED, "%s", strerror(error));
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

typedef struct {
    const char *host;
    address numeric;
} wanted_server;

static int has_alternative(const mbedtls_x509_crt *certificate, int kind, const void *bytes, size_t length) {
    for (const mbedtls_x509_sequence *at = &certificate->subject_alt_names; at; at = at->next)
        if (at->buf.tag == (MBEDTLS_ASN1_CONTEXT_SPECIFIC | kind) &&
            (bytes == NULL || (at->buf.len == length && !memcmp(at->buf.p, bytes, length))))
            return 1;
    return 0;
}

/**
 * A server that is asked for by address must have it in its certificate. A name is checked by the library, which also
 * takes a common name, or a URI that is the name; here it has to be a name for servers (RFC 9525).
 */
static int is_for(void *wanted, mbedtls_x509_crt *certificate, int depth, uint32_t *flags) {
    const wanted_server *server = wanted;
    if (depth != 0) return 0;
    int is_good = server->numeric.length > 0
                      ? has_alternative(certificate, MBEDTLS_X509_SAN_IP_ADDRESS, server->numeric.bytes,
                                        server->numeric.length)
                      : has_alternative(certificate, MBEDTLS_X509_SAN_DNS_NAME, NULL, 0) &&
                            !has_alternative(certificate, MBEDTLS_X509_SAN_UNIFORM_RESOURCE_IDENTIFIER, server->host,
                                             strlen(server->host));
    if (!is_good) *flags |= MBEDTLS_X509_BADCERT_CN_MISMATCH;
    return 0;
}

/**
 * Mbed TLS 3.6.6 offers PSS to everyone and then takes it from no server of TLS 1.2 (its pull request 10674). Such a server is
 * asked again, without PSS, which leaves TLS 1.2; whoever could make us believe in such a server gains nothing by it,
 * because of TLS 1.2 we take the suites that have no known weakness.
 */
static int must_do_without_pss(const mbedtls_ssl_context *ssl, int result) {
    return result == MBEDTLS_ERR_SSL_ILLEGAL_PARAMETER &&
           mbedtls_ssl_get_version_number(ssl) == MBEDTLS_SSL_VERSION_TLS1_2;
}

/** @return whether it is done; 0: the server has to be asked again, without PSS */
static int shake_hands(mbedtls_ssl_context *ssl, int fd, const wanted_server *server, int is_first) {
    for (;;) {
        int result = mbedtls_ssl_handshake(ssl);
        if (result == 0) return 1;
        if (result == MBEDTLS_ERR_SSL_WANT_READ || result == MBEDTLS_ERR_SSL_WANT_WRITE) {
            wait_for(fd, result == MBEDTLS_ERR_SSL_WANT_READ ? POLLIN : POLLOUT, -1);
            continue;
        }
        if (is_first && must_do_without_pss(ssl, result)) return 0;
        uint32_t flags = mbedtls_ssl_get_verify_result(ssl);
        if (result == MBEDTLS_ERR_X509_CERT_VERIFY_FAILED && flags != 0 && flags != (uint32_t)-1) {
            char why[512];
            if (flags & MBEDTLS_X509_BADCERT_CN_MISMATCH)
                stop(REFUSED, "the certificate of the server is refused: it is not for the %s %s",
                     server->numeric.length > 0 ? "IP address" : "hostname", server->host);
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

static buffer up, down;

static size_t waiting(const buffer *one) { return one->to - one->from; }

/** @return whether the input goes on */
static int take_input(void) {
    if (waiting(&up) > 0) return 1;
    ssize_t got = read(STDIN_FILENO, up.bytes, sizeof up.bytes);
    if (got < 0 && errno != EAGAIN && errno != EINTR) stop(REFUSED, "input: %s", strerror(errno));
    up.from = 0;
    up.to = got < 0 ? 0 : (size_t)got;
    return got != 0;
}

/** @return whether any bytes went */
static int give_output(void) {
    if (waiting(&down) == 0) return 0;
    ssize_t passed = write(STDOUT_FILENO, down.bytes + down.from, waiting(&down));
    if (passed < 0 && errno != EAGAIN && errno != EINTR) stop(REFUSED, "output: %s", strerror(errno));
    if (passed > 0) down.from += (size_t)passed;
    return passed > 0;
}

/**
 * Carries bytes both ways until either side ends. What cannot be passed on holds up what comes from there, nothing else. A
 * server that takes nothing more may still have said why: that is read before the end is told.
 */
static int carry(mbedtls_ssl_context *ssl, int fd) {
    int send_error = 0, has_input = 1;
    fcntl(STDIN_FILENO, F_SETFL, fcntl(STDIN_FILENO, F_GETFL) | O_NONBLOCK);
    fcntl(STDOUT_FILENO, F_SETFL, fcntl(STDOUT_FILENO, F_GETFL) | O_NONBLOCK);
    for (;;) {
        int is_quiet = 1;
        short socket_wants = 0;
        if (has_input && send_error == 0 && !take_input()) {
            has_input = 0;
            mbedtls_ssl_close_notify(ssl);
        }
        if (has_input && send_error == 0 && waiting(&up) > 0) {
            int sent = mbedtls_ssl_write(ssl, up.bytes + up.from, waiting(&up));
            if (sent == MBEDTLS_ERR_SSL_WANT_WRITE) socket_wants |= POLLOUT;
            else if (sent == MBEDTLS_ERR_SSL_WANT_READ) socket_wants |= POLLIN;
            else if (sent < 0) send_error = sent;
            else up.from += (size_t)sent;
            if (sent > 0 || send_error != 0) is_quiet = 0;
        }
        if (has_input && waiting(&down) == 0) {
            int got = mbedtls_ssl_read(ssl, down.bytes, sizeof down.bytes);
            down.from = 0;
            down.to = got > 0 ? (size_t)got : 0;
            if (got == MBEDTLS_ERR_SSL_WANT_WRITE) socket_wants |= POLLOUT;
            else if (got == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET) is_quiet = 0;
            else if (got == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY) return 0;
            else if (got == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE) must(got, REFUSED, "receiving");
            else if (got <= 0 && got != MBEDTLS_ERR_SSL_WANT_READ) {
                must(send_error, REFUSED, "sending");
                // Whoever cuts a connection could cut an answer short with it.
                if (got == 0 || got == MBEDTLS_ERR_SSL_CONN_EOF) stop(REFUSED, "the server has gone without a word");
                must(got, REFUSED, "receiving");
            }
        }
        if (give_output()) is_quiet = 0;
        if (!has_input && waiting(&down) == 0) return 0;
        if (!is_quiet) continue;
        if (has_input && waiting(&down) == 0) socket_wants |= POLLIN;
        struct pollfd all[] = {
            {.fd = socket_wants ? fd : -1, .events = socket_wants},
            {.fd = has_input ? STDIN_FILENO : -1, .events = waiting(&up) == 0 && send_error == 0 ? POLLIN : 0},
            {.fd = waiting(&down) > 0 ? STDOUT_FILENO : -1, .events = POLLOUT}};
        if (poll(all, 3, -1) < 0 && errno != EINTR) stop(TROUBLE, "poll: %s", strerror(errno));
        // Who started this has gone, and the server takes nothing more.
        if (all[1].events == 0 && (all[1].revents & (POLLHUP | POLLERR))) stop(REFUSED, "given up");
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
    mbedtls_ssl_conf_sig_algs(&config, SIGNATURES);
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
    wanted_server server = {.host = host, .numeric = address_of(host)};
    mbedtls_ssl_conf_verify(&config, is_for, &server);
    for (int is_first = 1;; is_first = 0) {
        mbedtls_ssl_init(&ssl);
        must(mbedtls_ssl_setup(&ssl, &config), TROUBLE, "TLS");
        // An address is no server name (RFC 6066, 3), and is checked by `is_for`.
        must(mbedtls_ssl_set_hostname(&ssl, server.numeric.length > 0 ? NULL : host), TROUBLE, host);
        int fd = open_socket(host, port);
        mbedtls_ssl_set_bio(&ssl, &fd, send_some, receive_some, NULL);
        if (shake_hands(&ssl, fd, &server, is_first)) return carry(&ssl, fd);
        close(fd);
        mbedtls_ssl_free(&ssl);
        mbedtls_ssl_conf_max_tls_version(&config, MBEDTLS_SSL_VERSION_TLS1_2);
        mbedtls_ssl_conf_sig_algs(&config, SIGNATURES_WITHOUT_PSS);
    }
}
