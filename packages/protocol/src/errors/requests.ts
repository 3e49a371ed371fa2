import { entry, type ErrorEntry } from './entry.ts';

/** Of a request alone. */
export const REQUESTS = {
  NOT_FOUND: entry(66, 404, 'There is no such thing.', 'List what there is.'),
  REQUEST_INVALID: entry(65, 400, 'A request does not have the form of the API.', 'Mend the fields named.'),
} as const satisfies Record<string, ErrorEntry>;

/** Of a request and what was before it. */
export const STATES = {
  CONFLICT: entry(
    75,
    409,
    'The state of a resource does not allow this.',
    'Read the state; do what the message names first.',
  ),
  PRECONDITION_FAILED: entry(
    75,
    412,
    'Somebody else has changed what was to be changed since it was read.',
    'Read it again and decide anew.',
  ),
  IDEMPOTENCY_KEY_REUSED: entry(
    65,
    422,
    'An Idempotency-Key came with another request before.',
    'Make a new key for every new request.',
  ),
  IDEMPOTENCY_IN_PROGRESS: entry(
    75,
    409,
    'The first request with an Idempotency-Key is still being worked on.',
    'Wait as long as Retry-After says and ask again.',
  ),
  ANSWER_UNEXPECTED: entry(
    70,
    500,
    'A server answered something that this client does not know.',
    'Use the slipway of the version of the server, or the other way round.',
  ),
  RATE_LIMITED: entry(75, 429, 'Too many requests.', 'Wait as long as Retry-After says.'),
} as const satisfies Record<string, ErrorEntry>;
