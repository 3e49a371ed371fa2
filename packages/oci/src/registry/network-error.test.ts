import { expect, test } from 'vitest';
import { networkFailure } from './network-error.ts';

const failed = (message: string, code: string): string =>
  networkFailure(Object.assign(new Error(message), { code }), 'reg/x:1', 'reg').message;

test('a code that the message holds is not told twice', () => {
  expect(failed('connect ECONNREFUSED 127.0.0.1:1', 'ECONNREFUSED')).toBe(
    'reg/x:1: reg cannot be reached: connect ECONNREFUSED 127.0.0.1:1',
  );
  expect(failed('other side closed', 'UND_ERR_SOCKET')).toContain('other side closed, UND_ERR_SOCKET');
});

test('an untrusted certificate is mended in registries.yml, not by options of Node', () => {
  const advice = '; if the root CA is installed locally, try running Node.js with --use-system-ca';
  expect(failed(`self-signed certificate${advice}`, 'DEPTH_ZERO_SELF_SIGNED_CERT')).toBe(
    'reg/x:1: the certificate of reg is not trusted: self-signed certificate, DEPTH_ZERO_SELF_SIGNED_CERT; name its authority as ca in registries.yml',
  );
});
