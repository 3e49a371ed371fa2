import type * as Protocol from '@slipway/protocol';
import { build } from 'esbuild';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import * as real from 'zod';
import { AGENT_BUILDS } from '../../../build-options.ts';
import * as small from './zod.ts';

/** Every builder that both have, as each of them makes it. */
type Z = typeof real;

// eslint-disable-next-line typescript/no-unsafe-type-assertion -- the bundler puts one for the other in just this way
const standIn = small as unknown as Z;

const TABLE: readonly (readonly [string, (z: Z) => real.ZodType])[] = [
  ['string', (z) => z.string()],
  ['string with bounds', (z) => z.string().min(1).max(3)],
  ['string of a pattern', (z) => z.string().regex(/^[ab]+$/)],
  ['number', (z) => z.number()],
  ['positive', (z) => z.number().positive()],
  ['int', (z) => z.int()],
  ['int with bounds', (z) => z.int().min(0).max(10)],
  ['boolean', (z) => z.boolean()],
  ['unknown', (z) => z.unknown()],
  ['literal', (z) => z.literal(1)],
  ['enum', (z) => z.enum(['a', 'b'])],
  ['url', (z) => z.url()],
  ['base64', (z) => z.base64()],
  ['array', (z) => z.array(z.int()).min(1).max(2)],
  ['array of a length', (z) => z.array(z.string()).length(2)],
  ['optional', (z) => z.string().optional()],
  ['nullable', (z) => z.string().nullable()],
  ['default', (z) => z.int().default(7)],
  ['nullable that is caught', (z) => z.int().nullable().catch(null)],
  ['caught, then a default', (z) => z.int().catch(0).default(5)],
  ['transformed', (z) => z.array(z.unknown()).transform((values) => values.length)],
  ['object', (z) => z.object({ a: z.int(), b: z.string().optional(), c: z.boolean().default(true) })],
  ['strict object', (z) => z.strictObject({ a: z.int(), b: z.string().nullable() })],
  [
    'object of objects',
    (z) => z.object({ a: z.object({ a: z.int() }).optional(), b: z.array(z.object({ a: z.int() })) }),
  ],
  [
    'object that is picked from and extended',
    (z) => z.object({ a: z.int(), b: z.int() }).pick({ a: true }).extend({ c: z.boolean() }),
  ],
  ['record', (z) => z.record(z.string(), z.int())],
  ['refined', (z) => z.object({ a: z.int(), b: z.int() }).refine(({ a, b }) => a !== b, 'same')],
  [
    'union',
    (z) =>
      z.discriminatedUnion('a', [
        z.object({ a: z.literal('a'), b: z.int() }),
        z.strictObject({ a: z.enum(['b', 'c']), b: z.string().optional() }),
      ]),
  ],
];

/** Values around what the schemas of the table take: small alphabets meet often. */
const leaf = fc.oneof(
  fc.constantFrom<unknown>('', 'a', 'b', 'ab', 'abcd', 'YQ==', 'https://host/x', 'no url', 0, 1, -1, 7, 1.5),
  fc.constantFrom<unknown>(Number.NaN, Number.POSITIVE_INFINITY, 2 ** 60, true, false, null, undefined),
);
const value = fc.letrec<{ any: unknown }>((tie) => ({
  any: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.array(tie('any'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), tie('any'), { maxKeys: 4 }),
  ),
})).any;

type Outcome = {
  readonly success: boolean;
  readonly data?: unknown;
  readonly error?: { readonly issues: readonly unknown[] };
};
/** What of the two must be the same: of a refusal only that it has reasons. */
const outcomeOf = ({ success, data, error }: Outcome) => ({
  success,
  data,
  isExplained: (error?.issues.length ?? 0) > 0,
});

test.each(TABLE)('%s: takes and makes what zod does', (_, make) => {
  const [ours, theirs] = [make(standIn), make(real)];
  fc.assert(
    fc.property(value, (input) => {
      const [found, expected] = [ours.safeParse(input), theirs.safeParse(input)];
      expect(outcomeOf(found)).toStrictEqual(outcomeOf(expected));
    }),
    { numRuns: 400 },
  );
});

test('where a value is refused, the path of the first issue is that of zod', () => {
  const make = (z: Z) => z.object({ a: z.array(z.object({ b: z.int() })) });
  const input = { a: [{ b: 1 }, { b: 'x' }] };
  expect(make(standIn).safeParse(input).error?.issues[0]?.path).toEqual(
    make(real).safeParse(input).error?.issues[0]?.path,
  );
});

const DIGEST = `sha256:${'0'.repeat(64)}`;
const ROOT_HASH = '1'.repeat(64);
const SLOTS = { a: { state: 'GOOD', version: '1.0.0' }, b: { state: 'EMPTY' } };

/** A message of each kind that devices read or write; the test alters them. */
const MESSAGES = {
  Desired: {
    v: 1,
    seq: 1,
    assignment: {
      execution: 'exe_0000000000000001',
      rollout: 'rol_0000000000000001',
      release: 'rel_0000000000000001',
      version: '1.2.3',
      bundle: { digest: DIGEST, size: 10 },
      expiresAt: 5,
      windows: [{ days: [1, 7], from: '22:00', to: '04:30' }],
    },
  },
  Status: {
    v: 1,
    seq: 3,
    execution: 'exe_0000000000000001',
    release: 'rel_0000000000000001',
    state: 'TRIAL',
    bootId: 'b',
    slot: 'a',
    code: 'TRIAL_DEADLINE',
    bytesReceived: 1,
  },
  Birth: {
    v: 1,
    deviceId: 'device-1',
    deviceClass: 'edge',
    arch: 'arm64',
    bootId: 'b',
    connection: 1,
    agentVersion: '0.1.0',
    activeSlot: 'a',
    slots: SLOTS,
    health: 'ok',
    services: [{ name: 'web', state: 'running', starts: 1 }],
  },
  Ack: { v: 1, seq: 2 },
  ServerState: { v: 1, state: 'online' },
  StreamGet: { v: 1, id: 0, bundle: DIGEST, offset: 0, length: 10 },
  ReleaseFile: {
    v: 1,
    release: 'rel_0000000000000001',
    version: '1.0.0',
    counter: 1,
    deviceClass: 'edge',
    arch: 'amd64',
    timeFloor: 0,
  },
  AgentConfig: { v: 1, enrolUrl: 'https://host:1/' },
  HealthGates: {
    v: 1,
    deadline: 30,
    stable: 0,
    services: ['web'],
    broker: true,
    probes: [
      { type: 'http', name: 'page', url: 'http://127.0.0.1/', status: 200 },
      { type: 'tcp', name: 'port', host: 'h', port: 1 },
      { type: 'exec', name: 'run', command: ['x'] },
    ],
  },
  EnrolResponse: { v: 1, deviceId: 'd', tenant: 't', certificate: 'c', mqttUrl: 'mqtts://h:1' },
  Claim: { v: 1, token: '0123456789abcdef' },
  ManifestOnDevice: {
    v: 1,
    format: 'slipway-bundle',
    release: 'rel_0000000000000001',
    version: '1.0.0',
    counter: 1,
    deviceClass: 'edge',
    arch: 'amd64',
    build: 'bld_0000000000000001',
    timeFloor: 0,
    rootHash: ROOT_HASH,
    verityDataBlocks: 1,
    minimumAgent: '0.1.0',
    provenance: DIGEST,
    files: ['uki.efi', 'root.img', 'sbom.cdx.json'].map((name) => ({
      name,
      size: 1,
      digest: DIGEST,
      chunks: [DIGEST],
    })),
  },
} as const;

const isNested = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

/** Puts something else, or nothing, somewhere into a message; each number chooses a way down. */
const alter = (message: unknown, ways: readonly number[], instead: unknown): unknown => {
  if (!isNested(message)) return instead;
  const [way = 0, ...rest] = ways;
  const names = Object.keys(message);
  const name = names[way % (names.length + 1)] ?? 'unheard-of';
  const inner = rest.length === 0 ? instead : alter(message[name], rest, instead);
  if (Array.isArray(message)) return message.map((item: unknown, at) => (String(at) === name ? inner : item));
  if (inner !== undefined) return { ...message, [name]: inner };
  return Object.fromEntries(Object.entries(message).filter(([key]) => key !== name));
};

/** The schemas of these messages and what they need, put together as the agent is: what only a server uses stays out. */
const bundled = async (kinds: readonly string[]): Promise<typeof Protocol> => {
  const { entryPoints: _, ...options } = AGENT_BUILDS.quickjs;
  const { outputFiles } = await build({
    ...options,
    stdin: {
      contents: `export { ${kinds.join(', ')} } from '@slipway/protocol';`,
      resolveDir: import.meta.dirname,
    },
    write: false,
  });
  const code = Buffer.from(outputFiles[0]?.contents ?? []).toString('base64');
  return import(/* @vite-ignore */ `data:text/javascript;base64,${code}`);
};

test('every message of a device is read as zod reads it, whole and altered', async () => {
  // eslint-disable-next-line typescript/no-unsafe-type-assertion -- the keys of a constant
  const kinds = Object.keys(MESSAGES) as (keyof typeof MESSAGES)[];
  const theirs = await import('@slipway/protocol');
  const ours = await bundled(kinds);
  expect(ours.Desired).not.toBe(theirs.Desired);
  const name = fc.constantFrom(...kinds);
  for (const kind of kinds) {
    expect(theirs[kind].safeParse(MESSAGES[kind]).error).toBeUndefined();
    expect(ours[kind].safeParse(MESSAGES[kind]).error).toBeUndefined();
  }
  fc.assert(
    fc.property(name, fc.array(fc.nat(12), { minLength: 1, maxLength: 4 }), value, (kind, ways, instead) => {
      const message = alter(MESSAGES[kind], ways, instead);
      const [found, expected] = [ours[kind].safeParse(message), theirs[kind].safeParse(message)];
      expect(outcomeOf(found)).toStrictEqual(outcomeOf(expected));
    }),
    { numRuns: 3000 },
  );
});
