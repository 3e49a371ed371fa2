/** The typed client of the HTTP API, used by the CLI, the demo and tests. Trusts no answer before its schema parsed it. */
export * from './client.ts';
export * from './request.ts';
