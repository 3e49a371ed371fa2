import { open, readFile, truncate } from 'node:fs/promises';
import { dirname } from 'node:path';
import { digestOf } from '@slipway/bundle';
import { BuildId, ClassName, Digest, ReleaseId, SigningProfile, SlipwayError } from '@slipway/protocol';
import { z } from 'zod';

/** One line of the log: what a signature says, and the digest of the line before. */
const LogEntry = z.strictObject({
  v: z.literal(1),
  /** from 1 */
  seq: z.int().min(1),
  /** digest of the bytes of the line before, without its end; of nothing for the first */
  previous: Digest,
  time: z.iso.datetime(),
  build: BuildId,
  release: ReleaseId,
  deviceClass: ClassName,
  counter: z.int().min(1),
  /** whose keys; absent: those of the default profile */
  profile: SigningProfile.optional(),
  /** of the exact bytes that are signed */
  manifest: Digest,
});
export type LogEntry = z.infer<typeof LogEntry>;
export type SigningClaim = Pick<
  LogEntry,
  'build' | 'release' | 'deviceClass' | 'counter' | 'profile' | 'manifest'
>;

const START = digestOf(new Uint8Array());

const broken = (line: number, why: string, cause?: unknown): SlipwayError =>
  new SlipwayError(
    'SIGN_POLICY_REFUSED',
    `The signer's log is broken in line ${line}: ${why}. Nothing is signed on top of it; restore it from a copy and ` +
      'find out who wrote there.',
    { cause },
  );

const parseLine = (line: string, number: number, previous: Digest): LogEntry => {
  let entry: LogEntry;
  try {
    entry = LogEntry.parse(JSON.parse(line));
  } catch (error) {
    throw broken(number, 'it does not parse', error);
  }
  if (entry.seq !== number) throw broken(number, `expected sequence number ${number}, found ${entry.seq}`);
  if (entry.previous !== previous)
    throw broken(number, `expected to follow ${previous}, it follows ${entry.previous}`);
  return entry;
};

type Chain = {
  readonly entries: readonly LogEntry[];
  readonly head: Digest;
  /** of whole lines, bytes */ readonly size: number;
};

/** @throws {SlipwayError} SIGN_POLICY_REFUSED where a line was altered, removed or put in between */
const readChain = async (path: string): Promise<Chain> => {
  const text = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  });
  // What follows the last line end is a line that was cut short; its signature never left.
  const size = text.lastIndexOf(0x0a) + 1;
  const lines = text.subarray(0, size).toString().split('\n').slice(0, -1);
  let head = START;
  const entries = lines.map((line, at) => {
    const entry = parseLine(line, at + 1, head);
    head = digestOf(Buffer.from(line));
    return entry;
  });
  return { entries, head, size };
};

/**
 * Whether the claim may be signed: its counter is above every counter signed for its class, its build and release are
 * new; or it is a claim signed before, to the byte.
 *
 * @throws {SlipwayError} SIGN_COUNTER_REUSED, SIGN_POLICY_REFUSED
 */
export const judgeClaim = (entries: readonly LogEntry[], claim: SigningClaim): 'new' | 'signed before' => {
  const before = entries.find(({ build }) => build === claim.build);
  if (before !== undefined) {
    if (before.manifest === claim.manifest) return 'signed before';
    throw new SlipwayError(
      'SIGN_COUNTER_REUSED',
      `Build ${claim.build} was signed with the manifest ${before.manifest}; now its manifest is ${claim.manifest}. ` +
        'Treat the builder as compromised until explained; start a new build.',
    );
  }
  if (entries.some(({ release }) => release === claim.release)) {
    throw new SlipwayError(
      'SIGN_POLICY_REFUSED',
      `Release ${claim.release} was signed for another build; start a new build.`,
    );
  }
  const last = Math.max(
    0,
    ...entries.filter((e) => e.deviceClass === claim.deviceClass).map((e) => e.counter),
  );
  if (claim.counter > last) return 'new';
  throw new SlipwayError(
    'SIGN_COUNTER_REUSED',
    `Expected a counter above ${last}, the last one signed for ${claim.deviceClass}; found ${claim.counter}. Start a new build.`,
    { details: { deviceClass: claim.deviceClass, expectedAbove: last, found: claim.counter } },
  );
};

/**
 * Puts the claim on record, on disk, before its signature may leave. Safe to call again for the same claim.
 *
 * @throws {SlipwayError} SIGN_COUNTER_REUSED, SIGN_POLICY_REFUSED
 */
export const recordClaim = async (path: string, claim: SigningClaim, now: Date): Promise<void> => {
  const { entries, head, size } = await readChain(path);
  if (judgeClaim(entries, claim) === 'signed before') return;
  await using file = await open(path, 'a', 0o600);
  if ((await file.stat()).size > size) await truncate(path, size);
  const entry = { v: 1, seq: entries.length + 1, previous: head, time: now.toISOString(), ...claim };
  await file.appendFile(`${JSON.stringify(LogEntry.parse(entry))}\n`);
  await file.sync();
  await using folder = await open(dirname(path));
  await folder.sync();
};
