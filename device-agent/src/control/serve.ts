import { codeOf, messageOf, SlipwayError } from '@slipway/protocol';
import type { AgentConfig } from '../config.ts';
import { parseJson } from '../install/stored-manifest.ts';
import type { Runtime } from '../runtime/port.ts';
import {
  answerIdOf,
  answerName,
  ControlRequest,
  heartbeatPath,
  MAX_AGE_S,
  MAX_REQUEST_BYTES,
  POLL_MS,
  requestIdOf,
  requestName,
  requestsDir,
  type ControlAnswer,
  type ControlCommand,
} from './message.ts';

/** Answers a command of a person at the device. What it throws is told with its code. */
export type ControlHandler = (command: ControlCommand) => Promise<unknown>;

const invalid = (found: string): SlipwayError =>
  new SlipwayError('REQUEST_INVALID', `Expected a request of slipway-agent, found ${found}.`);

/** Serves requests until the signal comes, one after the other. */
export const serveControl = async (
  runtime: Runtime,
  config: AgentConfig,
  handle: ControlHandler,
  signal: AbortSignal,
): Promise<void> => {
  const { files, time } = runtime;
  const directory = requestsDir(config);
  /** uptime at which an answer was first seen lying there */
  const answers = new Map<string, number>();

  /** @returns undefined where it is not worth an answer any more */
  const take = async (path: string): Promise<ControlRequest | undefined> => {
    const size = await files.size(path);
    if (size === undefined || size > MAX_REQUEST_BYTES) throw invalid(`${size ?? 0} bytes`);
    const bytes = await files.read(path);
    const request = ControlRequest.safeParse(bytes === undefined ? undefined : parseJson(bytes));
    if (!request.success) throw invalid(request.error.issues[0]?.message ?? 'something else');
    const age = time.uptime() - request.data.at;
    return age < 0 || age > MAX_AGE_S ? undefined : request.data;
  };

  const answer = async (path: string): Promise<ControlAnswer | undefined> => {
    try {
      const request = await take(path);
      // Before it is done: what ends the machine in the middle must not be done again after it.
      await files.remove(path);
      return request === undefined ? undefined : { v: 1, ok: true, value: await handle(request.command) };
    } catch (error) {
      await files.remove(path);
      return { v: 1, ok: false, code: codeOf(error), message: messageOf(error) };
    }
  };

  const look = async (): Promise<void> => {
    await files.poke(heartbeatPath(config), `${time.uptime()}\n`);
    const lying = new Set<string>();
    for (const name of await files.list(directory)) {
      const answered = answerIdOf(name);
      const asked = requestIdOf(name);
      if (answered !== undefined) {
        lying.add(answered);
        const since = answers.get(answered) ?? time.uptime();
        answers.set(answered, since);
        if (time.uptime() - since > MAX_AGE_S) await files.remove(`${directory}/${name}`);
      }
      if (asked === undefined) continue;
      const reply = await answer(`${directory}/${requestName(asked)}`);
      if (reply !== undefined) {
        await files.replace(`${directory}/${answerName(asked)}`, JSON.stringify(reply), 0o600);
      }
    }
    for (const id of answers.keys()) if (!lying.has(id)) answers.delete(id);
  };

  // Whoever can write here can have anything installed that we signed, and can reset the device.
  await runtime.processes.run(['mkdir', '-p', '-m', '700', directory]);
  await runtime.processes.run(['chmod', '700', directory]);
  let complained = false;
  while (!signal.aborted) {
    try {
      await look();
      complained = false;
    } catch (error) {
      if (!complained) runtime.log(`local control: ${codeOf(error)}: ${messageOf(error)}`);
      complained = true;
    }
    await time.sleep(POLL_MS, signal);
  }
};
