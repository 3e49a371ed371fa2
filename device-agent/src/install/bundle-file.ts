import { Digest, messageOf, SlipwayError, type ReleaseFile } from '@slipway/protocol';
import type { AgentConfig } from '../config.ts';
import type { BundleSource } from '../core/index.ts';
import type { OpenFile, Runtime } from '../runtime/port.ts';
import { readHead } from './bundle-head.ts';
import { judgeManifest } from './judge-manifest.ts';
import { verifyManifest } from './stored-manifest.ts';

/** Reads ranges of a bundle, wherever it is. */
export type BundleRead = (offset: number, length: number) => Promise<Uint8Array>;

const gone = (path: string, cause: unknown): SlipwayError =>
  new SlipwayError(
    'INSTALL_SOURCE_GONE',
    `${path}: expected the bundle that is being installed, found ${messageOf(cause)}; the old slot stays. Put the file back and install it again.`,
    { cause },
  );

const changed = (path: string, expected: number, found: number): SlipwayError =>
  new SlipwayError(
    'BUNDLE_DIGEST_MISMATCH',
    `${path}: expected ${expected} bytes, found ${found}: it was changed while it was installed; fetch the bundle again.`,
  );

/**
 * Bundles in files. A file is opened once: what was verified and what is written come out of the same open file, whatever
 * lies at its path in between, and each chunk is held against the verified manifest in memory before it is written. Only
 * after a restart of the agent it is opened again, and held against the manifest that was kept.
 */
export type BundleFiles = {
  /**
   * Opens a file and verifies its head: what a person at the device wants to have installed.
   *
   * @throws {SlipwayError} every refusal of a bundle, NOT_FOUND
   */
  readonly inspect: (
    path: string,
    counterFloor: number,
    at: number,
  ) => Promise<{
    readonly release: ReleaseFile['release'];
    readonly version: string;
    readonly bundle: { readonly digest: Digest; readonly size: number };
  }>;
  /** @throws {SlipwayError} INSTALL_SOURCE_GONE */
  readonly read: (source: Extract<BundleSource, { kind: 'file' }>, signal: AbortSignal) => BundleRead;
  /** Nothing is installed any more: open files are closed. */
  readonly release: () => Promise<void>;
};

export const bundleFiles = (
  runtime: Runtime,
  config: AgentConfig,
  device: Pick<ReleaseFile, 'deviceClass' | 'arch'>,
): BundleFiles => {
  let open: { readonly path: string; readonly file: OpenFile } | undefined;

  const release = async (): Promise<void> => {
    const last = open;
    open = undefined;
    await last?.file.close().catch(() => undefined);
  };

  const fileAt = async (path: string): Promise<OpenFile> => {
    if (open?.path === path) return open.file;
    await release();
    try {
      const file = await runtime.files.open(path, 'read');
      open = { path, file };
      return file;
    } catch (error) {
      throw gone(path, error);
    }
  };

  const readerOf =
    (path: string, signal?: AbortSignal): BundleRead =>
    async (offset, length) => {
      signal?.throwIfAborted();
      const file = await fileAt(path);
      let bytes: Uint8Array;
      try {
        bytes = await file.read(offset, length);
      } catch (error) {
        // A stick that was pulled out.
        await release();
        throw gone(path, error);
      }
      if (bytes.length < length) throw changed(path, offset + length, offset + bytes.length);
      return bytes;
    };

  return {
    inspect: async (path, counterFloor, at) => {
      await release();
      const size = await runtime.files.size(path);
      if (size === undefined) {
        throw new SlipwayError(
          'NOT_FOUND',
          `Expected a bundle, found no file ${path}; is the stick mounted?`,
        );
      }
      try {
        const head = await readHead(readerOf(path), size);
        const manifest = await verifyManifest(runtime, config, head, at);
        judgeManifest(manifest, { device, release: manifest.release, counterFloor });
        const digest = await runtime.digest(head.manifest);
        return {
          release: manifest.release,
          version: manifest.version,
          bundle: { digest: Digest.parse(digest), size },
        };
      } catch (error) {
        await release();
        throw error;
      }
    },
    read: ({ path }, signal) => readerOf(path, signal),
    release,
  };
};
