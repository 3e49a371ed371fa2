import { codeOf, ERRORS, messageOf, SlipwayError, type ExecutionId } from '@slipway/protocol';
import { z } from 'zod';
import { runDoctor, showReport } from '../boot/doctor.ts';
import { cliEsp } from '../boot/esp.ts';
import type { AgentConfig } from '../config.ts';
import { askAgent, isAgentAlive } from '../control/ask.ts';
import { DeviceStatus } from '../control/device-status.ts';
import { ConsentTaken } from '../control/message.ts';
import type { ConsentAnswer } from '../core/index.ts';
import { readImageFiles } from '../image-files.ts';
import { beginReset } from '../reset/reset.ts';
import type { Runtime } from '../runtime/port.ts';
import { AGENT_VERSION } from '../version.ts';
import { HELP, parseArguments, type CliCommand } from './arguments.ts';
import { bootOf } from './boot-of.ts';
import { logNames, readLog } from './read-logs.ts';
import { readOnlyStatus } from './read-only-status.ts';
import { showStatus } from './show-status.ts';
import { exitOf, watchInstall } from './watch-install.ts';

export type Cli = {
  readonly runtime: Runtime;
  readonly config: AgentConfig;
  /** the words behind the name of the program */
  readonly args: readonly string[];
  /** to standard output and standard error */
  readonly write: (text: string) => void;
  readonly writeError: (text: string) => void;
};

type Job = Cli & { readonly json: boolean };

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
const print = (job: Job, value: unknown, text: string): void => {
  job.write(job.json ? json(value) : text);
};

const status = async ({ runtime, config }: Job): Promise<DeviceStatus> => {
  if (await isAgentAlive(runtime, config)) {
    try {
      return DeviceStatus.parse(await askAgent(runtime, config, { kind: 'status' }));
    } catch (error) {
      if (codeOf(error) !== 'AGENT_NOT_RUNNING') throw error;
    }
  }
  return readOnlyStatus(runtime, config, await bootOf(runtime, config));
};

const Accepted = z.object({ execution: z.string(), version: z.string() });

/** The file as the agent will open it: absolute, so that it means the same there. */
const resolve = async (runtime: Runtime, file: string): Promise<string> => {
  const { status, stdout } = await runtime.processes.run(['readlink', '-f', file]);
  const path = stdout.replace(/\n$/, '');
  if (status === 0 && path !== '' && (await runtime.files.size(path)) !== undefined) return path;
  throw new SlipwayError('NOT_FOUND', `Expected a bundle, found no file ${file}; is the stick mounted?`);
};

const install = async (job: Job, command: Extract<CliCommand, { kind: 'install' }>): Promise<number> => {
  const { runtime, config } = job;
  const path = await resolve(runtime, command.file);
  const ask = { kind: 'install', path, reboot: command.reboot } as const;
  const { execution, version } = Accepted.parse(await askAgent(runtime, config, ask, 120_000));
  if (!job.json) job.write(`installing ${version} from ${path}\n`);
  const end = await watchInstall(
    runtime,
    execution,
    async () => askAgent(runtime, config, { kind: 'status' }),
    (line) => {
      if (!job.json) job.write(line);
    },
  );
  const why = end.code === null ? '' : ` ${end.code}: ${end.message ?? ''}`;
  print(job, { ...end, version }, `${version}: ${end.state}${why}\n`);
  return exitOf(end);
};

const answer = async (job: Job, execution: ExecutionId | undefined, said: ConsentAnswer): Promise<number> => {
  const asked = { kind: 'consent', answer: said, ...(execution === undefined ? {} : { execution }) } as const;
  const taken = ConsentTaken.parse(await askAgent(job.runtime, job.config, asked));
  const waits = taken.waits === null ? '' : `. ${taken.waits}`;
  print(job, taken, `${taken.version}: ${ANSWERED[taken.answer]}${waits}\n`);
  return 0;
};

const ANSWERED = { accept: 'accepted', defer: 'deferred', refuse: 'refused' } as const;

const reset = async (job: Job, wipeData: boolean): Promise<number> => {
  const { runtime, config } = job;
  if (await isAgentAlive(runtime, config)) await askAgent(runtime, config, { kind: 'reset', wipeData });
  else await beginReset({ runtime, config, esp: cliEsp(runtime, config) }, wipeData);
  print(job, { reset: true, wipeData }, 'reset begun; the device restarts\n');
  // Where the agent runs it restarts the machine as well; whoever is first.
  if (!(await isAgentAlive(runtime, config))) await runtime.processes.reboot();
  return 0;
};

const run = async (job: Job, command: CliCommand): Promise<number> => {
  const { runtime, config } = job;
  switch (command.kind) {
    case 'help':
      print(job, { help: HELP }, HELP);
      return 0;
    case 'version': {
      const { release, version, counter } = (await readImageFiles(runtime, config)).release;
      const known = { agent: AGENT_VERSION, release: { release, version, counter } };
      print(job, known, `agent ${AGENT_VERSION}\nrelease ${version} (${release}, counter ${counter})\n`);
      return 0;
    }
    case 'status': {
      const known = await status(job);
      print(job, known, showStatus(known));
      return 0;
    }
    case 'install':
      return install(job, command);
    case 'accept':
    case 'refuse':
      return answer(job, command.execution, { kind: command.kind });
    case 'defer':
      return answer(job, command.execution, { kind: 'defer', seconds: command.seconds });
    case 'doctor': {
      const report = await runDoctor({ runtime, config }, { fix: command.fix });
      print(job, report, showReport(report));
      return report.isWell ? 0 : 1;
    }
    case 'reset':
      return reset(job, command.wipeData);
    case 'logs': {
      const { service } = command;
      if (service === undefined) {
        const names = await logNames(runtime, config);
        print(job, { services: names }, names.map((name) => `${name}\n`).join(''));
      } else {
        const log = await readLog(runtime, config, service);
        print(job, { service, log }, log);
      }
      return 0;
    }
    default:
      return command satisfies never;
  }
};

/** @returns the exit status: 0, or that of the error code */
export const runCli = async (cli: Cli): Promise<number> => {
  // Also where the words are wrong, errors come in the form that was asked for.
  const wantsJson = cli.args.includes('--json');
  try {
    const { command, json: asJson } = parseArguments(cli.args);
    return await run({ ...cli, json: asJson }, command);
  } catch (error) {
    const code = codeOf(error);
    const message = messageOf(error);
    if (wantsJson) cli.write(json({ code, message, mend: ERRORS[code].mend }));
    else cli.writeError(`slipway-agent: ${code}: ${message}\n  ${ERRORS[code].mend}\n`);
    return ERRORS[code].exit;
  }
};
