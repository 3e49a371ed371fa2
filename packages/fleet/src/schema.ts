/**
 * The tables, for PostgreSQL and PGlite alike. After a change in `schema/` run `npm run migrations -w packages/fleet`
 * and check the new file in.
 */
export * from './schema/audit.ts';
export * from './schema/build-inputs.ts';
export * from './schema/builds.ts';
export * from './schema/channels.ts';
export * from './schema/commands.ts';
export * from './schema/devices.ts';
export * from './schema/emergency-stop.ts';
export * from './schema/enrolment.ts';
export * from './schema/groups.ts';
export * from './schema/history.ts';
export * from './schema/keys.ts';
export * from './schema/packages.ts';
export * from './schema/people.ts';
export * from './schema/qualifications.ts';
export * from './schema/releases.ts';
export * from './schema/reports.ts';
export * from './schema/restores.ts';
export * from './schema/rollouts.ts';
export * from './schema/tallies.ts';
export * from './schema/tenants.ts';
export * from './schema/triggers.ts';
export * from './schema/views.ts';
export * from './schema/webhooks.ts';
