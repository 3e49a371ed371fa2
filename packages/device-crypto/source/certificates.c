// Reading the device's certificate, and checking who signed a release.
#include "parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <mbedtls/asn1.h>
#include <mbedtls/oid.h>
#include <mbedtls/sha256.h>
#include <mbedtls/x509_crt.h>

enum { INPUT_BYTES = 128 * 1024, MOST_CERTIFICATES = 8 };

static unsigned char input[INPUT_BYTES];

/** Days since 1970 of a day of the Gregorian calendar. */
static long long days(int year, int month, int day) {
    long long y = year - (month <= 2);
    long long era = y / 400, of_era = y - era * 400;
    long long of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static long long seconds(const mbedtls_x509_time *at) {
    return ((days(at->year, at->mon, at->day) * 24 + at->hour) * 60 + at->min) * 60 + at->sec;
}

/** `endsAt=SECONDS`, `commonName=NAME`, the public key in PEM; of a certificate whose subject is one common name. */
int print_certificate(void) {
    mbedtls_x509_crt certificate;
    static unsigned char key[8192];
    size_t length = read_input(input, sizeof input - 1);
    mbedtls_x509_crt_init(&certificate);
    must(mbedtls_x509_crt_parse(&certificate, input, length + 1), REFUSED, "certificate");
    const mbedtls_x509_name *subject = &certificate.subject;
    if (subject->next || MBEDTLS_OID_CMP(MBEDTLS_OID_AT_CN, &subject->oid)) stop(REFUSED, "the subject is not one CN");
    for (size_t i = 0; i < subject->val.len; i++)
        if (subject->val.p[i] <= ' ' || subject->val.p[i] > '~') stop(REFUSED, "the CN has characters beyond ASCII's");
    printf("endsAt=%lld\ncommonName=%.*s\n", seconds(&certificate.valid_to), (int)subject->val.len, subject->val.p);
    must(mbedtls_pk_write_pubkey_pem(&certificate.pk, key, sizeof key), TROUBLE, "public key");
    fputs((char *)key, stdout);
    return 0;
}

typedef struct {
    unsigned char *at;
    size_t length;
} part;

/** `OFFSET,LENGTH`, inside of the input */
static part part_of(const char *word, size_t whole) {
    char *end;
    unsigned long offset = strtoul(word, &end, 10);
    unsigned long length = *end == ',' ? strtoul(end + 1, &end, 10) : 0;
    if (*end || length == 0 || offset > whole || length > whole - offset) stop(USAGE, "no part of the input: %s", word);
    return (part){input + offset, length};
}

/** Another clock than the machine's, which may be wrong: the floor of the agent counts. */
static int at_time(void *seconds_since_1970, mbedtls_x509_crt *certificate, int depth, uint32_t *flags) {
    long long now = *(long long *)seconds_since_1970;
    (void)depth;
    *flags &= ~(uint32_t)(MBEDTLS_X509_BADCERT_EXPIRED | MBEDTLS_X509_BADCERT_FUTURE);
    if (now > seconds(&certificate->valid_to)) *flags |= MBEDTLS_X509_BADCERT_EXPIRED;
    if (now < seconds(&certificate->valid_from)) *flags |= MBEDTLS_X509_BADCERT_FUTURE;
    return 0;
}

static int has_key_usage(const mbedtls_x509_crt *leaf, unsigned int usage) {
    return !mbedtls_x509_crt_check_key_usage(leaf, usage);
}

static int has_extended_key_usage(const mbedtls_x509_crt *leaf, const char *oid, size_t length) {
    return !mbedtls_x509_crt_check_extended_key_usage(leaf, oid, length);
}

/**
 * For signing code, and not for everything, nor for servers, certificates or revocations; as `openssl cms -purpose
 * codesign` has it, but for the mark "critical" of key usage, which the library does not tell.
 */
static int may_sign_code(const mbedtls_x509_crt *leaf) {
    // The library takes an extension that is not there for one that allows everything.
    return mbedtls_x509_crt_has_ext_type(leaf, MBEDTLS_X509_EXT_KEY_USAGE) &&
           mbedtls_x509_crt_has_ext_type(leaf, MBEDTLS_X509_EXT_EXTENDED_KEY_USAGE) &&
           has_key_usage(leaf, MBEDTLS_X509_KU_DIGITAL_SIGNATURE) &&
           !has_key_usage(leaf, MBEDTLS_X509_KU_KEY_CERT_SIGN) && !has_key_usage(leaf, MBEDTLS_X509_KU_CRL_SIGN) &&
           mbedtls_x509_crt_get_ca_istrue(leaf) != 1 &&
           has_extended_key_usage(leaf, MBEDTLS_OID_CODE_SIGNING, MBEDTLS_OID_SIZE(MBEDTLS_OID_CODE_SIGNING)) &&
           !has_extended_key_usage(leaf, MBEDTLS_OID_SERVER_AUTH, MBEDTLS_OID_SIZE(MBEDTLS_OID_SERVER_AUTH));
}

/**
 * Checks the signature of a CMS that the caller has taken apart (packages/signing/src/cms-shape.ts): the signed attributes
 * by the key of the first certificate, and that certificate by the others up to the root. Whether the attributes name
 * the digest of the content is for the caller to see.
 */
int verify_signed(char **words) {
    mbedtls_x509_crt root, chain;
    char why[1024];
    char *end;
    long long at = strtoll(words[1], &end, 10);
    uint32_t flags = 0;
    unsigned char digest[32];
    if (*end) stop(USAGE, "expected seconds since 1970, found %s", words[1]);
    size_t length = read_input(input, sizeof input);
    part certificates = part_of(words[2], length), attributes = part_of(words[3], length),
         signature = part_of(words[4], length);
    mbedtls_x509_crt_init(&root);
    must(mbedtls_x509_crt_parse_file(&root, words[0]), TROUBLE, words[0]);
    mbedtls_x509_crt_init(&chain);
    unsigned char *next = certificates.at, *const after = certificates.at + certificates.length;
    for (int count = 0; next < after; count++) {
        size_t inner;
        unsigned char *body = next;
        if (count == MOST_CERTIFICATES) stop(REFUSED, "more than %d certificates", MOST_CERTIFICATES);
        must(mbedtls_asn1_get_tag(&body, after, &inner, MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE), REFUSED,
             "a certificate");
        must(mbedtls_x509_crt_parse_der(&chain, next, (size_t)(body - next) + inner), REFUSED, "a certificate");
        next = body + inner;
    }
    // What is signed is the SET of attributes; in the message it has another tag (RFC 5652, 5.4).
    *attributes.at = MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SET;
    must(mbedtls_sha256(attributes.at, attributes.length, digest, 0), TROUBLE, "digest");
    if (!mbedtls_pk_can_do(&chain.pk, MBEDTLS_PK_RSA)) stop(REFUSED, "the key of the signer is not RSA");
    must(mbedtls_pk_verify(&chain.pk, MBEDTLS_MD_SHA256, digest, sizeof digest, signature.at, signature.length), REFUSED,
         "the signature");
    int result = mbedtls_x509_crt_verify(&chain, &root, NULL, NULL, &flags, at_time, &at);
    if (result != 0) {
        mbedtls_x509_crt_verify_info(why, sizeof why, "", flags);
        for (char *line = why; (line = strchr(line, '\n')); *line = ';');
        stop(UNTRUSTED, "%s", why);
    }
    if (!may_sign_code(&chain)) stop(UNTRUSTED, "the certificate of the signer is not for signing code");
    return 0;
}
