/**
 * What crosses a wire in Slipway: identifiers, topics, messages of the device channel, the bundle's manifest, jobs,
 * API resources and error codes. Used by every service, the agent and the CLI; trusts nothing it parses and uses no
 * `node:` API, because the agent's core is built on it.
 */
export * from './agent-program.ts';
export * from './alarms.ts';
export * from './api.ts';
export * from './audit.ts';
export * from './boot-control.ts';
export * from './broker-access.ts';
export * from './build-inputs.ts';
export * from './build-insight.ts';
export * from './build-log.ts';
export * from './build-resource.ts';
export * from './build.ts';
export * from './canonical-json.ts';
export * from './channel.ts';
export * from './channels.ts';
export * from './commands.ts';
export * from './compare-versions.ts';
export * from './database-export.ts';
export * from './device-files.ts';
export * from './device-lists.ts';
export * from './emergency-stop.ts';
export * from './enrolment.ts';
export * from './errors.ts';
export * from './groups.ts';
export * from './ids.ts';
export * from './image-contents.ts';
export * from './image-repository.ts';
export * from './keys.ts';
export * from './manifest.ts';
export * from './package-type.ts';
export * from './packages.ts';
export * from './people.ts';
export * from './problem.ts';
export * from './qualification.ts';
export * from './release-facts.ts';
export * from './retention.ts';
export * from './roles.ts';
export * from './rollout-consequences.ts';
export * from './rollout-failures.ts';
export * from './rollout-preview.ts';
export * from './rollout-progress.ts';
export * from './rollout-requests.ts';
export * from './rollouts.ts';
export * from './settings.ts';
export * from './sources.ts';
export * from './status.ts';
export * from './suggest.ts';
export * from './tenants.ts';
export * from './time-zone.ts';
export * from './topics.ts';
export * from './triggers.ts';
export * from './verify-audit.ts';
export * from './webhooks.ts';
