import { expect, test } from 'vitest';
import { operationId, type Answers } from './operation-id.ts';

test.each<[string, string, Answers, string]>([
  ['GET', '/v1/builds', 'many', 'builds.list'],
  ['GET', '/v1/builds/{id}', 'one', 'builds.get'],
  ['GET', '/v1/builds/{id}/log', 'one', 'builds.getLog'],
  ['GET', '/v1/builds/{id}/artifacts/{name}', 'one', 'builds.getArtifact'],
  ['GET', '/v1/devices/{id}/commands/{command}/log', 'many', 'devices.listCommandLog'],
  ['GET', '/v1/device-classes', 'many', 'deviceClasses.list'],
  ['GET', '/v1/events', 'stream', 'events.stream'],
  ['POST', '/v1/builds', 'one', 'builds.create'],
  ['POST', '/v1/devices/{id}/commands', 'one', 'devices.createCommand'],
  ['POST', '/v1/devices/{id}/commands/{command}/cancel', 'one', 'devices.cancelCommand'],
  ['POST', '/v1/releases/{id}/publish', 'one', 'releases.publish'],
  ['POST', '/v1/emergency-stop/lift', 'one', 'emergencyStop.lift'],
  ['PUT', '/v1/rollouts/{id}/policy', 'one', 'rollouts.replacePolicy'],
  ['PUT', '/v1/emergency-stop', 'one', 'emergencyStop.replace'],
  ['PATCH', '/v1/groups/{id}', 'one', 'groups.update'],
  ['DELETE', '/v1/groups/{id}/members/{device}', 'one', 'groups.deleteMember'],
  ['GET', '/v1/groups/{id}/policies/{policy}', 'one', 'groups.getPolicy'],
])('%s %s, which gives %s, is %s', (method, path, answers, name) => {
  expect(operationId(method, path, answers)).toBe(name);
});
