/**
 * The HTTP API for operators and the enrolment of devices; keeps builds moving from queue to signed release. Started by
 * `main.ts`, or in one process with the gateway where the database is embedded. Trusts no request before its schema
 * parsed it, no builder's word before the signer checked it.
 */
export { parseApiConfig, type ApiConfig } from './config.ts';
export { startApi, type RunningApi, type StartApi } from './start.ts';
