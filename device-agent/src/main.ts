import { codeOf, messageOf } from '@slipway/protocol';
import { runAgent } from './agent.ts';
import { agentConfig, readEnvironment } from './config.ts';
import type { Runtime } from './runtime/port.ts';

/** What the two entries, `runtime/node/main.ts` and `runtime/quickjs/main.ts`, bring. */
export type Host = {
  /** without program and script */
  readonly args: readonly string[];
  readonly environment: (name: string) => string | undefined;
  readonly print: (line: string) => void;
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
 * The agent on a device: started and restarted by init, its lines go to the console.
 *
 * @returns the exit status
 */
export const main = async (host: Host): Promise<number> => {
  const log = (line: string): void => {
    host.print(`slipway-agent: ${line}`);
  };
  const { root, searchPath } = readEnvironment(host.environment);
  const config = agentConfig(root);
  const privateDir = `${config.runDir}/agent`;
  const runtime = host.makeRuntime({ searchPath, rebootCommand: config.rebootCommand, privateDir, log });
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
