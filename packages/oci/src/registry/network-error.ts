import { messageOf, SlipwayError } from '@slipway/protocol';
import { failure } from '../failures.ts';

const TRANSIENT: readonly string[] = [
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EAI_AGAIN',
  'UND_ERR_SOCKET',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
];
const UNTRUSTED =
  /^(?:CERT_|UNABLE_TO_|SELF_SIGNED_CERT|DEPTH_ZERO_SELF_SIGNED|ERR_TLS_CERT_ALTNAME|HOSTNAME_MISMATCH|INVALID_CA|UND_ERR_PRX_TLS)/;
/** What a TLS client gets from a server that speaks plain http, or that hangs up on it. */
const NO_TLS = /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|RECORD_LAYER|EPROTO|ECONNRESET|UND_ERR_SOCKET/;

/** Every code in an error and its causes. */
const codesOf = (error: unknown): readonly string[] => {
  if (!(error instanceof Error)) return [];
  const inner: readonly unknown[] = error instanceof AggregateError ? error.errors : [];
  return [
    ...('code' in error && typeof error.code === 'string' ? [error.code] : []),
    ...codesOf(error.cause),
    ...inner.flatMap(codesOf),
  ];
};

export const isTransient = (error: unknown): boolean =>
  codesOf(error).some((code) => TRANSIENT.includes(code));

/** The disk under the cache, of which no registry is to blame. */
export const isLocal = (error: unknown): boolean =>
  codesOf(error).some((code) => ['ENOSPC', 'EDQUOT', 'EROFS', 'EFBIG', 'EIO'].includes(code));

export const speaksNoTls = (error: unknown): boolean => codesOf(error).some((code) => NO_TLS.test(code));

/** What was said, without Node's advice about its own options, and the codes that it does not name itself. */
const saidBy = (error: unknown, codes: readonly string[]): string => {
  const message = messageOf(error).replace(/; if the root CA is installed locally.*$/, '');
  return [message, ...new Set(codes)]
    .filter((text, index) => text !== '' && (index === 0 || !message.includes(text)))
    .join(', ');
};

/** What a failed connection means to an operator. */
export const networkFailure = (error: unknown, ref: string, host: string): SlipwayError => {
  if (error instanceof SlipwayError) return error;
  const codes = codesOf(error);
  const said = saidBy(error, codes);
  return codes.some((code) => UNTRUSTED.test(code))
    ? failure(
        'REGISTRY_UNTRUSTED',
        ref,
        `the certificate of ${host} is not trusted: ${said}; name its authority as ca in registries.yml`,
        { cause: error, details: { host } },
      )
    : failure('REGISTRY_UNREACHABLE', ref, `${host} cannot be reached: ${said}`, {
        cause: error,
        details: { host },
      });
};
