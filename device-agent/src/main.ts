import { codeOf, messageOf } from '@slipway/protocol';
import { runAgent } from './agent.ts';
import { runCli } from './cli/run-cli.ts';
import { agentConfig, readEnvironment } from './config.ts';
import type { Runtime } from './runtime/port.ts';

/** What the two entries, `runtime/node/main.ts` and `runtime/quickjs/main.ts`, bring. */
export type Host = {
  /** without program and script */
  readonly args: readonly string[];
  readonly environment: (name: string) => string | undefined;
  /** to standard output and standard error, with a new line behind it */
  readonly print: (line: string) => void;
  readonly printError: (line: string) => void;
  /** Calls `stop` when the process is asked to end. */
  readonly onStop: (stop: (why: string) => void) => void;
  readonly makeRuntime: (options: HostOptions) => Runtime;
};

export type HostOptions = {
  /** `PATH` of every program that is run; they inherit nothing else */
  readonly searchPath: string;
  /** null: end the process instead, with a status that tells a test why */
  readonly rebootCommand: readonly string[] | null;
  /** for files that only the agent and its helpers may read; not kept over a boot */
  readonly privateDir: string;
  /** one line for the console */
  readonly log: (line: string) => void;
};

/**
 * The agent on a device: started and restarted by init without arguments, its lines go to the console. With arguments it
 * is the command `slipway-agent` of a person at the device.
 *
 * @returns the exit status
 */
export const main = async (host: Host): Promise<number> => {
  const { args } = host;
  const isDaemon = args.length === 0;
  const log = (line: string): void => {
    if (isDaemon) host.print(`slipway-agent: ${line}`);
  };
  const { root, searchPath } = readEnvironment(host.environment);
  const config = agentConfig(root);
  const privateDir = `${config.runDir}/agent`;
  const runtime = host.makeRuntime({ searchPath, rebootCommand: config.rebootCommand, privateDir, log });
  if (!isDaemon) {
    const write = (to: (line: string) => void) => (text: string) => {
      to(text.replace(/\n$/, ''));
    };
    return runCli({ runtime, config, args, write: write(host.print), writeError: write(host.printError) });
  }
  const controller = new AbortController();
  host.onStop((why) => {
    controller.abort(new Error(why));
  });
  try {
    await runAgent(runtime, config, controller.signal);
    return 0;
  } catch (error) {
    log(`fatal: ${codeOf(error)}: ${messageOf(error)}`);
    return 70;
  }
};
