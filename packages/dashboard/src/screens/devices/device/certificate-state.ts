import type { DeviceCertificate } from '@slipway/protocol';
import type { Tone } from '../../../parts/states.ts';

type Times = Pick<DeviceCertificate, 'issuedAt' | 'expiresAt'>;

/** Devices renew at half of its time. */
const LATE = 0.6;

/** How much of its time has passed, from 0 to 1, and what is left. */
export const validityOf = ({ issuedAt, expiresAt }: Times, now: number) => {
  const [from, to] = [Date.parse(issuedAt), Date.parse(expiresAt)];
  const share = Math.min(1, Math.max(0, (now - from) / Math.max(1, to - from)));
  return { share, leftMs: to - now, isLate: share >= LATE };
};

export const standOf = (
  { current, revokedAt, expiresAt }: DeviceCertificate,
  now: number,
): { readonly word: string; readonly tone: Tone } => {
  if (revokedAt !== null) return { word: 'revoked', tone: 'bad' };
  if (Date.parse(expiresAt) <= now) return { word: 'ended', tone: 'gone' };
  return current ? { word: 'current', tone: 'good' } : { word: 'former', tone: 'old' };
};
