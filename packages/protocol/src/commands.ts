import { z } from 'zod';
import { CommandId, DeviceId } from './ids.ts';

/**
 * Commands of the device channel: down on `cmd/{name}`, never retained; the answer comes on `result`, logs on `log`.
 * A device does each id at most once and none that has expired.
 */
export const COMMANDS = ['reboot', 'rebirth', 'identify', 'collect', 'rollback', 'diagnose'] as const;
export const CommandName = z.enum(COMMANDS);
export type CommandName = z.infer<typeof CommandName>;

/** Bounds that the device keeps whatever it is asked. */
export const MAX_IDENTIFY_S = 300;
export const MAX_COLLECT_S = 300;
export const MAX_LOG_BYTES = 256 * 1024;
/** text of one `log` message; in JSON it may take six times as much, which a message still holds */
export const MAX_LOG_PIECE_BYTES = 8 * 1024;
export const MAX_OUTPUT_CHARACTERS = 8 * 1024;

const identify = { seconds: z.int().min(1).max(MAX_IDENTIFY_S).optional() };
const collect = {
  /** names of services, `agent` is none of them; absent: all, unless `kernel` is asked for alone */
  services: z.array(z.string().min(1).max(128)).max(64).optional(),
  /** the kernel's log as well */
  kernel: z.boolean().optional(),
  /** newest lines of each log; absent: as many as the bytes hold */
  lines: z.int().min(1).max(10_000).optional(),
  /** over all logs */
  bytes: z.int().min(1).max(MAX_LOG_BYTES).optional(),
  /** seconds to go on with what services write from now; absent: what is there already */
  durationSeconds: z.int().min(1).max(MAX_COLLECT_S).optional(),
};
const diagnose = { diagnostic: z.string().min(1).max(64) };

/** What an operator asks for; strict, because it enters the server. */
export const CommandRequest = z.discriminatedUnion('name', [
  z.strictObject({ name: z.literal('reboot') }),
  z.strictObject({ name: z.literal('rebirth') }),
  z.strictObject({ name: z.literal('identify'), ...identify }),
  z.strictObject({ name: z.literal('collect'), ...collect }),
  z.strictObject({ name: z.literal('rollback') }),
  z.strictObject({ name: z.literal('diagnose'), ...diagnose }),
]);
export type CommandRequest = z.infer<typeof CommandRequest>;

const head = {
  v: z.literal(1),
  id: CommandId,
  /** seconds since 1970; the broker drops what is late by itself, the device checks once more */
  expiresAt: z.int().optional(),
};

/** The payload on `cmd/{name}`, with the name of the topic put in; unknown keys of a newer server are dropped. */
export const Command = z.discriminatedUnion('name', [
  z.object({ name: z.literal('reboot'), ...head }),
  z.object({ name: z.literal('rebirth'), ...head }),
  z.object({ name: z.literal('identify'), ...head, ...identify }),
  z.object({ name: z.literal('collect'), ...head, ...collect }),
  z.object({ name: z.literal('rollback'), ...head }),
  z.object({ name: z.literal('diagnose'), ...head, ...diagnose }),
]);
export type Command = z.infer<typeof Command>;

/** Up, QoS 1: what came of a command. For a reboot or rollback: whether the device takes it, before it goes down. */
export const CommandResult = z.object({
  v: z.literal(1),
  id: CommandId,
  ok: z.boolean(),
  /** an error code, where it is not ok */
  code: z.string().max(64).optional(),
  message: z.string().max(4096).optional(),
  /** the end of what a diagnostic printed */
  output: z.string().max(MAX_OUTPUT_CHARACTERS).optional(),
});
export type CommandResult = z.infer<typeof CommandResult>;

/**
 * Up, QoS 0: a piece of the logs that a `collect` asked for, in order of `seq` from 0. The last piece has `end`; where
 * one is missing on the way, its number is missing as well.
 */
export const LogPiece = z.object({
  v: z.literal(1),
  id: CommandId,
  seq: z
    .int()
    .min(0)
    .max(2 ** 31 - 1),
  /** service, or `kernel` */
  source: z.string().max(128),
  text: z.string().max(MAX_LOG_PIECE_BYTES),
  end: z.boolean().optional(),
  /** with `end`: a bound was reached and there was more */
  truncated: z.boolean().optional(),
});
export type LogPiece = z.infer<typeof LogPiece>;

/** Wakes the gateway: a command waits to be sent. */
export const COMMAND_QUEUE = 'command';
export const CommandJob = z.strictObject({ v: z.literal(1), commandId: z.string() });
export type CommandJob = z.infer<typeof CommandJob>;

export const CommandState = z.enum(['queued', 'sent', 'succeeded', 'failed', 'expired']);
export type CommandState = z.infer<typeof CommandState>;

/** A command as the HTTP API shows it. Times are ISO 8601 in UTC. */
export const DeviceCommand = z.object({
  id: CommandId,
  device: DeviceId,
  request: CommandRequest,
  state: CommandState,
  code: z.string().nullable(),
  message: z.string().nullable(),
  output: z.string().nullable(),
  createdAt: z.iso.datetime(),
  /** a device that gets it later refuses it */
  expiresAt: z.iso.datetime(),
  finishedAt: z.iso.datetime().nullable(),
});
export type DeviceCommand = z.infer<typeof DeviceCommand>;

/** A piece of the logs that a device sent for a `collect`. */
export const DeviceLogPiece = LogPiece.pick({ seq: true, source: true, text: true }).extend({
  end: z.boolean(),
  truncated: z.boolean(),
});
export type DeviceLogPiece = z.infer<typeof DeviceLogPiece>;
