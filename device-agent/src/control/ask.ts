import { isErrorCode, SlipwayError } from '@slipway/protocol';
import type { AgentConfig } from '../config.ts';
import { parseJson } from '../install/stored-manifest.ts';
import type { Runtime } from '../runtime/port.ts';
import {
  answerName,
  ControlAnswer,
  heartbeatPath,
  requestName,
  requestsDir,
  type ControlCommand,
  type ControlRequest,
} from './message.ts';

const LOOK_MS = 100;
/** The agent may be hashing; a heartbeat older than this means that it is not there. */
const DEAD_S = 30;

const notRunning = (): SlipwayError =>
  new SlipwayError(
    'AGENT_NOT_RUNNING',
    'Expected the agent to answer, found it not running; see its lines on the console, init starts it again.',
  );

const newId = (random: () => number): string =>
  Array.from({ length: 16 }, () => Math.floor(random() * 36).toString(36)).join('');

export const isAgentAlive = async (runtime: Runtime, config: AgentConfig): Promise<boolean> => {
  const bytes = await runtime.files.read(heartbeatPath(config));
  if (bytes === undefined) return false;
  const age = runtime.time.uptime() - Number.parseFloat(new TextDecoder().decode(bytes));
  return age >= 0 && age < DEAD_S;
};

/**
 * Asks the running agent.
 *
 * @throws {SlipwayError} AGENT_NOT_RUNNING, and with the code of the agent's answer
 */
export const askAgent = async (
  runtime: Runtime,
  config: AgentConfig,
  command: ControlCommand,
  timeoutMs = 15_000,
): Promise<unknown> => {
  const { files, time } = runtime;
  if (!(await isAgentAlive(runtime, config))) throw notRunning();
  const id = newId(runtime.random);
  const request: ControlRequest = { v: 1, at: time.uptime(), command };
  const path = `${requestsDir(config)}/${requestName(id)}`;
  const answerPath = `${requestsDir(config)}/${answerName(id)}`;
  await files.replace(path, JSON.stringify(request), 0o600);
  const until = time.uptime() + timeoutMs / 1000;
  for (;;) {
    const bytes = await files.read(answerPath);
    if (bytes !== undefined) {
      await files.remove(answerPath);
      const answer = ControlAnswer.parse(parseJson(bytes));
      if (answer.ok) return answer.value;
      throw new SlipwayError(isErrorCode(answer.code) ? answer.code : 'INTERNAL', answer.message);
    }
    if (time.uptime() > until) break;
    await time.sleep(LOOK_MS);
  }
  await files.remove(path);
  throw notRunning();
};
