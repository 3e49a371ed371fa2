import { entry, type ErrorEntry } from './entry.ts';

/** Of people and tokens: who may do what, and who did. */
export const ACCESS = {
  AUTH_REQUIRED: entry(
    77,
    401,
    'No token, or one that is not known.',
    'Send Authorization: Bearer TOKEN; the admin token lies in the data directory.',
  ),
  FORBIDDEN: entry(77, 403, 'The token does not allow this.', 'Use a token with the role named.'),
  LOGIN_FAILED: entry(
    77,
    401,
    'The name or the password is wrong.',
    'Try again; an admin sets another password.',
  ),
  SETUP_TOKEN_INVALID: entry(
    77,
    403,
    'The token that makes the first user is wrong, or has been used.',
    'Take it from the file setup-token in the data directory; once there is a user, log in.',
  ),
  AUDIT_BROKEN: entry(
    65,
    422,
    'An entry of the audit log is missing or not as it was written.',
    'Compare with the last export or backup that verifies, and find out who has written to the database.',
  ),
} as const satisfies Record<string, ErrorEntry>;
