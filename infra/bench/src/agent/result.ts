import { z } from 'zod';

export const Process = z.object({
  pid: z.int(),
  name: z.string(),
  pssBytes: z.int().describe('proportional set size: what is shared counts by its share'),
  anonymousBytes: z.int().describe('the part of it that no file stands behind'),
  rssBytes: z.int(),
});

export const Memory = z.object({
  pssBytes: z.int().describe('of all processes together'),
  anonymousBytes: z.int().describe('of all processes together'),
  processes: z.array(Process),
});
export type Memory = z.infer<typeof Memory>;

export const Peer = z.object({
  name: z.string(),
  version: z.string().describe("of Debian's package"),
  idle: Memory,
});
export type Peer = z.infer<typeof Peer>;

/** One runtime of our agent, in a directory with its own packages. */
export const Ours = z.object({
  runtime: z.enum(['quickjs', 'node']),
  readyCpuSeconds: z.number().describe('user and system of all processes until the broker is connected'),
  idle: Memory.describe('connected to a broker by mutual TLS'),
  installing: Memory.describe('the most that was seen at one look while a root was installed'),
  installCpuSeconds: z.number().describe('of all processes, from the assignment to the reboot'),
  rootBytes: z.int().describe('of the root that was installed'),
});
export type Ours = z.infer<typeof Ours>;

/** What `npm run bench -- agent --json FILE` writes. */
export const AgentBench = z.object({
  v: z.literal(1),
  bench: z.literal('agent'),
  at: z.iso.datetime(),
  arch: z.literal('amd64').describe('of this machine'),
  ours: z.array(Ours),
  peers: z.array(Peer),
  goals: z.object({
    idlePssBytes: z.int(),
    installingPssBytes: z.int(),
    readyCpuSeconds: z.number(),
  }),
  ratios: z
    .array(z.object({ peer: z.string(), idle: z.number(), anonymous: z.number() }))
    .describe("QuickJS's idle memory to the peer's"),
});
export type AgentBench = z.infer<typeof AgentBench>;

const MB = 1_000_000;
export const GOALS: AgentBench['goals'] = {
  idlePssBytes: 8 * MB,
  installingPssBytes: 16 * MB,
  readyCpuSeconds: 0.3,
};
