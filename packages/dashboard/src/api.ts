import './under-policy.ts';
import { createClient } from '@slipway/client';

/** The API that served this page; who asks is told by the cookie of the session, which no script reads. */
export const api = createClient({ url: location.origin });
