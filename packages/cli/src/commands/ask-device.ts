import type { Command } from 'commander';
import type { Client } from '@slipway/client';
import {
  isErrorCode,
  MAX_COLLECT_S,
  MAX_IDENTIFY_S,
  MAX_LOG_BYTES,
  SlipwayError,
  type CommandRequest,
  type DeviceCommand,
  type DeviceLogPiece,
} from '@slipway/protocol';
import { z } from 'zod';
import { collect, leaf, print, wholeNumber, word, type MakeContext } from '../command.ts';
import { connect, type Context } from '../context.ts';
import { follow } from '../follow.ts';
import { table, time } from '../table.ts';

const isOpen = ({ state }: DeviceCommand): boolean => state === 'queued' || state === 'sent';

const refuseFailed = (command: DeviceCommand): DeviceCommand => {
  if (command.state === 'succeeded') return command;
  const code = isErrorCode(command.code) ? command.code : 'COMMAND_FAILED';
  throw new SlipwayError(code, `Device ${command.device}: ${command.message ?? command.state}`, {
    details: { command: command.id, device: command.device },
  });
};

/** Asks, and waits for the answer. @param onLook is called before each look whether it is there */
const ask = async (
  context: Context,
  client: Client,
  device: string,
  request: CommandRequest,
  onLook: (command: DeviceCommand) => Promise<void> = async () => undefined,
): Promise<DeviceCommand> => {
  const { id } = await client.devices.createCommand(device, request);
  return follow(context, client, async () => {
    const command = await client.devices.getCommand(device, id);
    await onLook(command);
    return isOpen(command) ? undefined : command;
  });
};

const answer = (command: DeviceCommand): string =>
  command.output ?? `${command.device}: ${command.message ?? 'done'}`;

/** Pieces as they come, under the name of their log where it changes. */
const pieceWriter = (context: Context): ((pieces: readonly DeviceLogPiece[]) => void) => {
  let source = '';
  return (pieces) => {
    for (const piece of pieces) {
      if (piece.truncated) context.err('cut short: there was more than the device may send');
      if (piece.text === '') continue;
      if (piece.source !== source) context.out(`==> ${piece.source} <==`);
      ({ source } = piece);
      context.out(piece.text.replace(/\n$/, ''));
    }
  };
};

const logs = async (
  context: Context,
  device: string,
  request: Extract<CommandRequest, { name: 'collect' }>,
): Promise<void> => {
  const client = await connect(context);
  const pieces: DeviceLogPiece[] = [];
  const write = pieceWriter(context);
  const command = await ask(context, client, device, request, async ({ id }) => {
    const next = await client.devices.listCommandLog(device, id, { after: pieces.at(-1)?.seq ?? -1 });
    pieces.push(...next);
    if (!context.json) write(next);
  });
  if (context.json) context.out(JSON.stringify({ command, pieces }, null, 2));
  const missing = pieces.filter(({ seq }, at) => seq !== at).length > 0;
  if (missing) context.err('some pieces were lost on the way');
  refuseFailed(command);
};

/** Commands that ask a device for something, below `devices`. */
export const askDeviceCommands = (devices: Command, makeContext: MakeContext): void => {
  const simple = (name: 'reboot' | 'rebirth' | 'rollback', summary: string): void => {
    leaf(devices, makeContext, {
      usage: `${name} <device>`,
      summary,
      options: z.object({}),
      run: async (context, words) => {
        const command = await ask(context, await connect(context), word(words, 0), { name });
        refuseFailed(command);
        print(context, command, () => answer(command));
      },
    });
  };
  simple('reboot', 'restart a device; refused while it tries a release');
  simple('rebirth', 'have a device say anew what it is');
  simple('rollback', 'take a device back to the release it ran before');

  leaf(devices, makeContext, {
    usage: 'identify <device>',
    summary: 'have a device blink, and say its name on its console',
    options: z.object({ seconds: z.int().min(1).max(MAX_IDENTIFY_S).optional() }),
    build: (command) => command.option('--seconds <n>', 'how long it blinks (15)', wholeNumber),
    run: async (context, words, options) => {
      const request = { name: 'identify' as const, ...options };
      const command = await ask(context, await connect(context), word(words, 0), request);
      refuseFailed(command);
      print(context, command, () => answer(command));
    },
  });
  leaf(devices, makeContext, {
    usage: 'diagnose <device> <diagnostic>',
    summary: 'run a diagnostic that the image of the device declares',
    options: z.object({}),
    run: async (context, words) => {
      const request = { name: 'diagnose' as const, diagnostic: word(words, 1) };
      const command = await ask(context, await connect(context), word(words, 0), request);
      if (command.output !== null && command.state !== 'succeeded' && !context.json)
        context.out(command.output.trimEnd());
      refuseFailed(command);
      print(context, command, () => answer(command).trimEnd());
    },
  });
  leaf(devices, makeContext, {
    usage: 'logs <device>',
    summary: 'fetch logs of services and of the agent',
    options: z.object({
      service: z.array(z.string().min(1)).optional(),
      kernel: z.boolean().optional(),
      lines: z.int().min(1).max(10_000).optional(),
      bytes: z.int().min(1).max(MAX_LOG_BYTES).optional(),
      follow: z.int().min(1).max(MAX_COLLECT_S).optional(),
    }),
    build: (command) =>
      command
        .option('-s, --service <name>', 'only of this service, or of agent; may be given again', collect)
        .option('-k, --kernel', 'the log of the kernel; alone unless services are named')
        .option('-n, --lines <n>', 'newest lines of each log', wholeNumber)
        .option('--bytes <n>', `bytes in all, at most ${MAX_LOG_BYTES}`, wholeNumber)
        .option('-f, --follow <seconds>', `go on for as long, at most ${MAX_COLLECT_S}`, wholeNumber),
    run: async (context, words, { service, follow: durationSeconds, kernel, lines, bytes }) =>
      logs(context, word(words, 0), {
        name: 'collect',
        ...(service === undefined ? {} : { services: service }),
        ...(kernel === undefined ? {} : { kernel }),
        ...(lines === undefined ? {} : { lines }),
        ...(bytes === undefined ? {} : { bytes }),
        ...(durationSeconds === undefined ? {} : { durationSeconds }),
      }),
  });
  leaf(devices, makeContext, {
    usage: 'commands <device>',
    summary: 'list what was asked of a device lately',
    options: z.object({}),
    run: async (context, words) => {
      const found = await (await connect(context)).devices.listCommands(word(words, 0)).all();
      print(context, found, () =>
        table(
          ['asked', 'command', 'id', 'state', 'code'],
          found.map(({ id, request, state, code, createdAt }) => [
            time(createdAt),
            request.name,
            id,
            state,
            code ?? '',
          ]),
          context.columns,
        ),
      );
    },
  });
};
