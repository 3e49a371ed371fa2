// Keys of the device, requests for certificates, signatures by the device.
#include "parts.h"

#include <stdio.h>
#include <string.h>

#include <mbedtls/base64.h>
#include <mbedtls/ecp.h>
#include <mbedtls/pem.h>
#include <mbedtls/pk.h>
#include <mbedtls/psa_util.h>
#include <mbedtls/sha256.h>
#include <mbedtls/x509_csr.h>

enum { KEY_BYTES = 8192, SEC1_BYTES = 121 };

/** PrivateKeyInfo (RFC 5208) around the ECPrivateKey of a P-256 key, whose length is always the same. */
static const unsigned char PKCS8[] = {0x30, 0x81, 0x93, 0x02, 0x01, 0x00, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce,
                                      0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x04,
                                      SEC1_BYTES};

static void print_pem(const char *begin, const char *end, const unsigned char *der, size_t length) {
    unsigned char text[1024];
    size_t written;
    must(mbedtls_pem_write_buffer(begin, end, der, length, text, sizeof text, &written), TROUBLE, "PEM");
    fputs((char *)text, stdout);
}

int new_key(void) {
    mbedtls_pk_context key;
    unsigned char der[256], whole[sizeof PKCS8 + SEC1_BYTES];
    mbedtls_pk_init(&key);
    must(mbedtls_pk_setup(&key, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY)), TROUBLE, "new key");
    must(mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(key), mbedtls_psa_get_random,
                             MBEDTLS_PSA_RANDOM_STATE),
         TROUBLE, "new key");
    int length = mbedtls_pk_write_key_der(&key, der, sizeof der);
    must(length, TROUBLE, "new key");
    if (length != SEC1_BYTES) stop(TROUBLE, "new key: expected %d bytes, found %d", SEC1_BYTES, length);
    memcpy(whole, PKCS8, sizeof PKCS8);
    memcpy(whole + sizeof PKCS8, der + sizeof der - SEC1_BYTES, SEC1_BYTES);
    print_pem("-----BEGIN PRIVATE KEY-----\n", "-----END PRIVATE KEY-----\n", whole, sizeof whole);
    return 0;
}

static void read_key(mbedtls_pk_context *key, const char *path) {
    mbedtls_pk_init(key);
    must(mbedtls_pk_parse_keyfile(key, path, NULL, mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE), REFUSED, path);
}

int new_request(const char *key_path, const char *name) {
    mbedtls_pk_context key;
    mbedtls_x509write_csr request;
    char subject[128];
    unsigned char text[4096];
    read_key(&key, key_path);
    for (const char *at = name; *at; at++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._", *at))
            stop(USAGE, "expected a name of letters, digits, - . and _");
    if (snprintf(subject, sizeof subject, "CN=%s", name) > 64 + 3) stop(USAGE, "expected a name of 64 characters");
    mbedtls_x509write_csr_init(&request);
    mbedtls_x509write_csr_set_md_alg(&request, MBEDTLS_MD_SHA256);
    mbedtls_x509write_csr_set_key(&request, &key);
    must(mbedtls_x509write_csr_set_subject_name(&request, subject), TROUBLE, "request");
    must(mbedtls_x509write_csr_pem(&request, text, sizeof text, mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE), TROUBLE,
         "request");
    fputs((char *)text, stdout);
    return 0;
}

/** SHA-256 of the input, signed (RSA: PKCS #1 1.5, EC: a DER sequence), in base64. */
int sign_input(const char *key_path) {
    static unsigned char input[65536];
    mbedtls_pk_context key;
    unsigned char digest[32], signature[MBEDTLS_PK_SIGNATURE_MAX_SIZE], text[2 * MBEDTLS_PK_SIGNATURE_MAX_SIZE];
    size_t length, written;
    read_key(&key, key_path);
    length = read_input(input, sizeof input);
    must(mbedtls_sha256(input, length, digest, 0), TROUBLE, "sign");
    must(mbedtls_pk_sign(&key, MBEDTLS_MD_SHA256, digest, sizeof digest, signature, sizeof signature, &length,
                         mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE),
         REFUSED, "sign");
    must(mbedtls_base64_encode(text, sizeof text, &written, signature, length), TROUBLE, "sign");
    puts((char *)text);
    return 0;
}

int print_public_key(void) {
    static unsigned char input[KEY_BYTES], text[KEY_BYTES];
    mbedtls_pk_context key;
    size_t length = read_input(input, sizeof input - 1);
    mbedtls_pk_init(&key);
    // PEM counts its final NUL, which is there: the buffer is static.
    must(mbedtls_pk_parse_key(&key, input, length + 1, NULL, 0, mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE), REFUSED,
         "key");
    must(mbedtls_pk_write_pubkey_pem(&key, text, sizeof text), TROUBLE, "key");
    fputs((char *)text, stdout);
    return 0;
}
