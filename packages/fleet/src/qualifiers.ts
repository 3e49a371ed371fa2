import { Qualifier } from '@slipway/protocol';
import { announcements } from './announcements.ts';

/** Which qualifiers live, and what each can start. */
export const {
  announce: announceQualifier,
  forget: forgetQualifier,
  live: liveQualifiers,
} = announcements('slipway:qualifiers', Qualifier);
