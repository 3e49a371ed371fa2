import { ExecutionId } from '@slipway/protocol';
import { z } from 'zod';
import type { AgentConfig } from '../config.ts';

const ConsentAnswer = z.discriminatedUnion('kind', [
  z.object({ kind: z.enum(['accept', 'refuse']) }),
  z.object({ kind: z.literal('defer'), seconds: z.int().min(1) }),
]);

/**
 * What a person at the device asks of the running agent. Requests lie in a directory that only root may enter, because
 * QuickJS has no sockets of Unix: `<id>.json` appears by rename, the answer beside it as `<id>.result.json`.
 */
export const ControlRequest = z.object({
  v: z.literal(1),
  /** uptime at which it was asked, seconds; one that has waited too long counts for nothing */
  at: z.number(),
  command: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('status') }),
    /** `path` is absolute and without links */
    z.object({ kind: z.literal('install'), path: z.string().min(1).max(4096), reboot: z.boolean() }),
    /** `execution` is the one that was seen in the status; absent: the one under way */
    z.object({ kind: z.literal('consent'), execution: ExecutionId.optional(), answer: ConsentAnswer }),
    z.object({ kind: z.literal('reset'), wipeData: z.boolean() }),
  ]),
});
export type ControlRequest = z.infer<typeof ControlRequest>;
export type ControlCommand = ControlRequest['command'];

/** What `consent` is answered with. */
export const ConsentTaken = z.object({
  execution: z.string(),
  version: z.string(),
  answer: z.enum(['accept', 'defer', 'refuse']),
  /** what it waits for now, if it does */
  waits: z.string().nullable(),
});
export type ConsentTaken = z.infer<typeof ConsentTaken>;

export const ControlAnswer = z.discriminatedUnion('ok', [
  z.object({ v: z.literal(1), ok: z.literal(true), value: z.unknown() }),
  z.object({ v: z.literal(1), ok: z.literal(false), code: z.string(), message: z.string() }),
]);
export type ControlAnswer = z.infer<typeof ControlAnswer>;

export const MAX_REQUEST_BYTES = 16 * 1024;
/** Requests that were not served and answers that nobody read are removed after this long. */
export const MAX_AGE_S = 60;
/** How often the agent says that it is there, and looks for requests. */
export const POLL_MS = 1_000;

export const requestsDir = ({ runDir }: Pick<AgentConfig, 'runDir'>): string => `${runDir}/requests`;
/** Holds the uptime at which the agent last looked. */
export const heartbeatPath = ({ runDir }: Pick<AgentConfig, 'runDir'>): string => `${runDir}/agent-alive`;

const REQUEST_NAME = /^([a-z0-9]{16})\.json$/;
const ANSWER_NAME = /^([a-z0-9]{16})\.result\.json$/;
export const requestName = (id: string): string => `${id}.json`;
export const answerName = (id: string): string => `${id}.result.json`;
export const requestIdOf = (name: string): string | undefined => REQUEST_NAME.exec(name)?.[1];
export const answerIdOf = (name: string): string | undefined => ANSWER_NAME.exec(name)?.[1];
