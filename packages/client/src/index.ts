/**
 * The typed client of the HTTP API, used by the CLI, the demo and tests; runs in browsers too. Trusts no answer before
 * its schema parsed it.
 *
 * Its functions are generated: `generated.ts` has one for each route. **After adding or changing a route run
 * `npm run client -w packages/client`** and commit what it wrote; a test fails until you do. Names follow from method
 * and path (`services/api/src/openapi/operation-id.ts`), schemas are those of the protocol, by the name of their export.
 */
export * from './client.ts';
export * from './listing.ts';
export * from './request.ts';
