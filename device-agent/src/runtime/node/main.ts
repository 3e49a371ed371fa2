import { main } from '../../main.ts';
import { nodeRuntime } from './index.ts';

/** The agent on Node. */
const status = await main({
  args: process.argv.slice(2),
  environment: (name) => process.env[name],
  print: (line) => {
    process.stdout.write(`${line}\n`);
  },
  printError: (line) => {
    process.stderr.write(`${line}\n`);
  },
  onStop: (stop) => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) {
      process.on(name, () => {
        stop(name);
      });
    }
  },
  makeRuntime: nodeRuntime,
});
process.exit(status);
