import { CHUNK_BYTES, SlipwayError } from '@slipway/protocol';
import type { AgentConfig } from '../config.ts';
import type { Runtime } from '../runtime/port.ts';
import type { PlanFile } from './stored-manifest.ts';

/**
 * Makes the kernel forget what it has of files that were synced, so that the next read comes from the medium. No runtime
 * has `posix_fadvise` or aligned memory for O_DIRECT.
 */
export const dropCaches = async (runtime: Runtime, config: AgentConfig): Promise<void> => {
  if (config.dropCaches !== null) await runtime.files.poke(config.dropCaches, '1');
};

/**
 * Reads a whole file back and holds it against the manifest.
 *
 * @returns the chunks that differ; empty where every byte is right
 */
export const readBack = async (
  { files }: Pick<Runtime, 'files'>,
  path: string,
  file: PlanFile,
  signal: AbortSignal,
): Promise<readonly number[]> => {
  const whole = await files.digest(path, 0, file.size);
  signal.throwIfAborted();
  if (whole === file.digest) return [];
  const bad: number[] = [];
  for (const [chunk, expected] of file.chunks.entries()) {
    const offset = chunk * CHUNK_BYTES;
    const found = await files.digest(path, offset, Math.min(CHUNK_BYTES, file.size - offset));
    if (found !== expected) bad.push(chunk);
    signal.throwIfAborted();
  }
  // Every chunk right and the whole wrong: the manifest contradicts itself.
  return bad.length > 0 ? bad : file.chunks.map((_, chunk) => chunk);
};

export const readBackMismatch = (what: string, bad: readonly number[]): SlipwayError =>
  new SlipwayError(
    'INSTALL_READBACK_MISMATCH',
    `${what}: ${bad.length} chunks read back differ from the manifest, the first is chunk ${bad[0] ?? 0}; retry, and replace the storage if it recurs.`,
    { details: { chunks: bad.slice(0, 16) } },
  );
