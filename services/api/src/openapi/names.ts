import * as protocol from '@slipway/protocol';
import { z } from 'zod';

/**
 * Schemas of the protocol appear in the document, and in the client made from it, by the name they are exported under.
 * Plain strings do not: identifiers of several kinds share one schema, and a name would hide their pattern.
 */
export const NAMED = z.registry<{ id: string }>();
for (const [id, schema] of Object.entries(protocol)) {
  if (schema instanceof z.ZodType && !(schema instanceof z.ZodString) && !NAMED.has(schema))
    NAMED.add(schema, { id });
}
