import { codeOf, messageOf } from '@slipway/protocol';
import { runAgent } from './agent.ts';
import { agentConfig, readEnvironment } from './config.ts';
import { nodeRuntime } from './runtime/node/index.ts';

/** The agent on a device: started and restarted by init, its lines go to the console. */
const log = (line: string): void => {
  process.stdout.write(`slipway-agent: ${line}\n`);
};

const { root, searchPath } = readEnvironment(process.env);
const config = agentConfig(root);
const runtime = nodeRuntime({ searchPath, rebootCommand: config.rebootCommand, log });

const controller = new AbortController();
for (const name of ['SIGTERM', 'SIGINT'] as const) {
  process.on(name, () => {
    controller.abort(new Error(name));
  });
}

try {
  await runAgent(runtime, config, controller.signal);
  process.exit(0);
} catch (error) {
  log(`fatal: ${codeOf(error)}: ${messageOf(error)}`);
  process.exit(70);
}
