import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { buildDashboard } from '@slipway/dashboard';
import { codeOf, ERRORS, messageOf } from '@slipway/protocol';
import { HELP, parseOptions } from './options.ts';
import { type Local, startLocal } from './start.ts';
import type { Up } from './up-file.ts';

const main = async (): Promise<void> => {
  const options = parseOptions(process.argv.slice(2), process.env);
  if (options.help) {
    process.stdout.write(HELP);
    return;
  }
  const say = (line: string): void => {
    process.stderr.write(`${line}\n`);
  };
  // From the first moment: a signal during the start stops what is there once the start has come to an end.
  const asked = new Promise<NodeJS.Signals>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve(signal));
  });
  const dashboardDir = await buildDashboard(say);
  const local = await startLocal({ ...options.start, dashboardDir, say });
  describe(local, options.json, say);
  const signal = await asked;
  say(`${signal}: stopping …`);
  await local.close();
  say('stopped');
};

/** There until the first user is made. */
const setupTokenFile = ({ adminTokenFile }: Up): string => join(dirname(adminTokenFile), 'setup-token');

const describe = ({ up }: Local, json: boolean, say: (line: string) => void): void => {
  if (json) process.stdout.write(`${JSON.stringify(up)}\n`);
  say(`Slipway is up (process ${up.pid}; ${up.database}; builder, signer and qualifier ${up.isolation}).`);
  say(`  dashboard    ${up.apiUrl}`);
  say(`  API          ${up.apiUrl}/docs`);
  if (existsSync(setupTokenFile(up)))
    say(`  setup token  ${setupTokenFile(up)}: open the dashboard and make the first user with it`);
  say(`  admin token  ${up.adminTokenFile}`);
  say(`  enrolment    ${up.enrolUrl}`);
  say(`  MQTT         ${up.mqttUrl}`);
  if (up.simMqttUrl !== undefined)
    say(`  simulated    ${up.simMqttUrl}: whoever connects there is the device that it says`);
  say(`  data, logs   ${up.dataDir}`);
};

try {
  await main();
  process.exit(0);
} catch (error) {
  process.stderr.write(`${codeOf(error)}: ${messageOf(error)}\n`);
  process.exit(ERRORS[codeOf(error)].exit);
}
