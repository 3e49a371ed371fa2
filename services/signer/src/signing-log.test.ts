import { describe, expect, test } from 'vitest';
import { BuildId, ClassName, codeOf, Digest, ReleaseId } from '@slipway/protocol';
import { judgeClaim, type LogEntry, type SigningClaim } from './signing-log.ts';

const digest = (character: string): Digest => Digest.parse(`sha256:${character.repeat(64)}`);
const claim = (number: number, counter: number, deviceClass = 'edge-x86', manifest = '0'): SigningClaim => ({
  build: BuildId.parse(`bld_${String(number).padStart(16, '0')}`),
  release: ReleaseId.parse(`rel_${String(number).padStart(16, '0')}`),
  deviceClass: ClassName.parse(deviceClass),
  counter,
  manifest: digest(manifest),
});
const entry = (of: SigningClaim): LogEntry => ({
  v: 1,
  seq: 1,
  previous: digest('0'),
  time: '2026-01-01T00:00:00.000Z',
  ...of,
});
const log = [entry(claim(1, 5)), entry(claim(2, 9, 'edge-arm64')), entry(claim(3, 6))];
const verdict = (of: SigningClaim): string => {
  try {
    return judgeClaim(log, of);
  } catch (error) {
    return codeOf(error);
  }
};

describe('judgeClaim', () => {
  test.each<[string, SigningClaim, string]>([
    ['a counter above the last of its class', claim(4, 7), 'new'],
    ['the first of a class, whatever other classes have', claim(4, 1, 'edge-riscv'), 'new'],
    ['the same build to the byte', claim(1, 5), 'signed before'],
    ['the last counter again', claim(4, 6), 'SIGN_COUNTER_REUSED'],
    ['a lower counter', claim(4, 5), 'SIGN_COUNTER_REUSED'],
    ['the same build with another manifest', claim(3, 6, 'edge-x86', '1'), 'SIGN_COUNTER_REUSED'],
    [
      'the same release from another build',
      { ...claim(4, 7), release: claim(3, 6).release },
      'SIGN_POLICY_REFUSED',
    ],
  ])('%s', (_what, of, expected) => {
    expect(verdict(of)).toBe(expected);
  });
});
