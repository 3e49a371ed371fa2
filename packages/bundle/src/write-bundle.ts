import { createHash, randomBytes } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Digest, MANIFEST_NAME, SIGNATURE_NAME, SlipwayError } from '@slipway/protocol';
import { type Pack, pack } from 'tar-stream';
import { chunksOf, FileDigester } from './digest-file.ts';
import { parseManifest, PAYLOAD_ORDER, type PayloadName } from './manifest.ts';

/** Same inputs, same bytes: nothing of the machine or the hour goes into a header. */
const FIXED = { mode: 0o644, uid: 0, gid: 0, mtime: new Date(0), type: 'file' } as const;

export type WriteBundle = {
  /** the exact bytes that are signed */
  readonly manifest: Uint8Array;
  readonly signature: Uint8Array;
  /** paths */
  readonly files: Readonly<Record<PayloadName, string>>;
  /** path; replaced in one step, once all is written and synced */
  readonly out: string;
};

const fill = async (
  tar: Pack,
  name: string,
  size: number,
  chunks: AsyncIterable<Uint8Array>,
): Promise<void> => {
  const entry = tar.entry({ ...FIXED, name, size });
  // Told by `pour`, which ends the archive with it; unheard here, it would end the process.
  entry.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => entry.once('close', resolve));
  for await (const chunk of chunks) {
    // `close` too: where the archive cannot be written on, it never drains.
    if (!entry.write(chunk))
      await Promise.race([new Promise<void>((drained) => entry.once('drain', drained)), closed]);
  }
  entry.end(undefined);
  await closed;
};

/** The chunks of a file; throws after the last where they are not what the manifest lists. */
async function* listed(path: string, size: number, digest: Digest, name: string): AsyncGenerator<Uint8Array> {
  await using file = await open(path);
  const digester = new FileDigester();
  if ((await file.stat()).size !== size) throw mismatch(name, `expected ${size} bytes`);
  for await (const chunk of chunksOf(file, 0, size)) {
    digester.update(chunk);
    yield chunk;
  }
  const found = digester.finish();
  if (found.size !== size) throw mismatch(name, `expected ${size} bytes, read ${found.size}`);
  if (found.digest !== digest) throw mismatch(name, `expected ${digest}, read ${found.digest}`);
}

const mismatch = (name: string, what: string): SlipwayError =>
  new SlipwayError(
    'BUNDLE_DIGEST_MISMATCH',
    `${name} changed while the bundle was written: ${what}; find out who writes there.`,
  );

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

const pour = async (tar: Pack, bundle: WriteBundle): Promise<void> => {
  try {
    await fill(tar, MANIFEST_NAME, bundle.manifest.length, once(bundle.manifest));
    await fill(tar, SIGNATURE_NAME, bundle.signature.length, once(bundle.signature));
    const manifest = parseManifest(bundle.manifest);
    for (const [at, name] of PAYLOAD_ORDER.entries()) {
      const file = manifest.files[at];
      if (file === undefined) throw new TypeError(`manifest lists no ${name}`);
      await fill(tar, name, file.size, listed(bundle.files[name], file.size, file.digest, name));
    }
    tar.finalize();
  } catch (error) {
    tar.destroy(error instanceof Error ? error : new Error(String(error)));
    throw error;
  }
};

const drain = async (tar: Pack, file: FileHandle): Promise<{ digest: Digest; size: number }> => {
  const hash = createHash('sha256');
  let size = 0;
  for await (const block of tar) {
    if (!(block instanceof Uint8Array)) throw new TypeError('an archive consists of bytes');
    hash.update(block);
    await file.writeFile(block);
    size += block.length;
  }
  return { digest: Digest.parse(`sha256:${hash.digest('hex')}`), size };
};

/**
 * Writes a bundle; the bytes of every file are checked against the manifest as they are copied, so what is in the
 * bundle is what was signed, whoever may write to the files meanwhile.
 *
 * @throws {SlipwayError} BUNDLE_DIGEST_MISMATCH, BUNDLE_MANIFEST_INVALID; nothing is left behind
 */
export const writeBundle = async (bundle: WriteBundle): Promise<{ digest: Digest; size: number }> => {
  const temporary = join(dirname(bundle.out), `.${basename(bundle.out)}.${randomBytes(6).toString('hex')}`);
  try {
    await using file = await open(temporary, 'wx', 0o644);
    const tar = pack();
    const [, written] = await Promise.all([pour(tar, bundle), drain(tar, file)]);
    await file.sync();
    await rename(temporary, bundle.out);
    await using folder = await open(dirname(bundle.out));
    await folder.sync();
    return written;
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
};
