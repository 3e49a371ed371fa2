import type { Digest, SlipwayError } from '@slipway/protocol';
import {
  assertDocumentSize,
  readStored,
  streamStored,
  type BlobSource,
  type ExpectedDocument,
  type StoredBlob,
} from '../blobs.ts';
import { createBlobStore } from '../cache/blob-store.ts';
import { recallRef, rememberRef } from '../cache/refs.ts';
import { checkedStream, mismatch, type Expected } from '../checked-stream.ts';
import { digestOf } from '../digest.ts';
import { failure } from '../failures.ts';
import type { Root } from '../find-manifest.ts';
import type { OpenOptions } from '../image.ts';
import { DEFAULT_TAG, type RegistryLocation } from '../location.ts';
import { loadRegistries } from '../registries.ts';
import type { RepositoryContext } from './context.ts';
import { endpointsOf } from './endpoint.ts';
import { fetchBlob } from './fetch-blob.ts';
import { canonicalHost } from './host.ts';
import { fromFirst, getManifest, headManifest } from './repository.ts';

export type RegistryOptions = Omit<OpenOptions, 'arch'>;

/** A repository of a registry, seen through the cache. */
export const openRepository = async (location: RegistryLocation, ref: string, options: RegistryOptions) => {
  const { cacheDir, baseDir, offline = false, pull = 'missing', log = () => {}, signal } = options;
  const { registry, repository } = location;
  const registries = options.registries ?? (await loadRegistries({ baseDir }));
  const store = createBlobStore(cacheDir);
  const context: RepositoryContext = {
    registries,
    endpoints: endpointsOf(registry, registries.config.get(canonicalHost(registry))?.mirrors ?? []),
    repository,
    ref,
    log,
    signal,
  };
  const notCached = (what: string, digest?: Digest): SlipwayError =>
    failure(
      'COMPONENT_OFFLINE',
      ref,
      `${what} is not in the cache ${cacheDir}, and the network may not be used; run once without --offline`,
      { details: { cacheDir, ...(digest === undefined ? {} : { digest }) } },
    );

  /** Once per process, however many images share the blob. */
  const transfer = async (expected: Expected): Promise<StoredBlob> => {
    const key = `${cacheDir} ${expected.digest}`;
    const { transfers } = registries;
    for (;;) {
      const stored = await store.find(expected.digest);
      if (stored !== undefined) return stored;
      if (offline) throw notCached(`blob ${expected.digest}`, expected.digest);
      const running = transfers.get(key);
      if (running !== undefined) {
        // If it fails, or its build is stopped, this build asks for itself.
        await running.catch(() => undefined);
        continue;
      }
      const own = store.receive(expected.digest, async (file) =>
        fromFirst(context, async (endpoint) => fetchBlob(context, endpoint, expected, file)),
      );
      transfers.set(key, own);
      try {
        await own;
      } finally {
        transfers.delete(key);
      }
    }
  };

  const readCached = async (expected: ExpectedDocument): Promise<Uint8Array | undefined> => {
    const stored = await store.find(expected.digest);
    if (stored === undefined) return undefined;
    assertDocumentSize(stored.size, ref, `blob ${expected.digest}`);
    const bytes = await readStored(stored);
    const found = digestOf(bytes);
    if (found === expected.digest && bytes.length === (expected.size ?? bytes.length)) return bytes;
    if (found === expected.digest) throw mismatch(ref, expected, `${bytes.length} bytes`);
    store.forget(expected.digest);
    if (offline) throw mismatch(ref, expected, `${found} in the cache`);
    return undefined;
  };

  const blobs: BlobSource = {
    read: async (expected, kind) => {
      if (expected.size !== undefined) assertDocumentSize(expected.size, ref, `blob ${expected.digest}`);
      const cached = await readCached(expected);
      if (cached !== undefined) return cached;
      if (offline) throw notCached(`${kind} ${expected.digest}`, expected.digest);
      if (kind === 'config' && expected.size !== undefined)
        return readStored(await transfer({ ...expected, size: expected.size }));
      const bytes = await fromFirst(context, async (endpoint) => getManifest(context, endpoint, expected));
      if (expected.size !== undefined && bytes.length !== expected.size)
        throw mismatch(ref, expected, `${bytes.length} bytes`);
      await store.put(bytes);
      return bytes;
    },
    open: async (expected) => {
      const stored = await transfer(expected);
      return checkedStream(streamStored(stored), expected, ref, () => store.forget(expected.digest));
    },
  };

  /** Asks what the tag points at, or remembers. */
  const lookUp = async (tag: string): Promise<Root> => {
    const name = `${registry}/${repository}:${tag}`;
    const seen = await recallRef(cacheDir, name);
    const known = seen !== undefined && (await store.find(seen.digest)) !== undefined;
    if (seen !== undefined && known && (offline || pull === 'missing'))
      return { digest: seen.digest, size: seen.size };
    if (offline)
      throw seen === undefined
        ? notCached(`what the tag ${tag} points at`)
        : notCached(`manifest ${seen.digest}`, seen.digest);
    return fromFirst(context, async (endpoint) => {
      const digest = known ? await headManifest(context, endpoint, tag) : undefined;
      if (seen !== undefined && digest === seen.digest) return { digest, size: seen.size };
      const bytes = await getManifest(context, endpoint, { tag });
      const root = { digest: await store.put(bytes), size: bytes.length };
      await rememberRef(cacheDir, { ref: name, ...root });
      return root;
    });
  };

  return {
    blobs,
    /** what the reference or the lock points at */
    root: async (): Promise<Root> => {
      const digest = options.digest ?? location.digest;
      return digest === undefined ? lookUp(location.tag ?? DEFAULT_TAG) : { digest, size: undefined };
    },
  };
};
