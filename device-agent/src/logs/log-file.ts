import type { Runtime } from '../runtime/port.ts';

type FilesOf = Pick<Runtime, 'files'>;

/** A log that init bounds: once it is full it becomes `NAME.log.1` and a new one begins. */
export type LogPlace = { readonly path: string; readonly offset: number };

const readRange = async (
  runtime: FilesOf,
  path: string,
  offset: number,
  length: number,
): Promise<Uint8Array> => {
  if (length <= 0) return new Uint8Array();
  const file = await runtime.files.open(path, 'read');
  try {
    return await file.read(offset, length);
  } finally {
    await file.close();
  }
};

const join = (a: Uint8Array, b: Uint8Array): Uint8Array => {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
};

/** The newest bytes, reaching back into the predecessor, and where the log goes on. */
export const readTail = async (
  runtime: FilesOf,
  path: string,
  bytes: number,
): Promise<{ readonly bytes: Uint8Array; readonly isWhole: boolean; readonly next: LogPlace }> => {
  const size = (await runtime.files.size(path)) ?? 0;
  const own = await readRange(runtime, path, Math.max(0, size - bytes), Math.min(size, bytes));
  const next = { path, offset: size };
  const before = (await runtime.files.size(`${path}.1`)) ?? 0;
  if (size >= bytes || before === 0) return { bytes: own, isWhole: size <= bytes, next };
  const room = bytes - own.length;
  const older = await readRange(runtime, `${path}.1`, Math.max(0, before - room), Math.min(before, room));
  return { bytes: join(older, own), isWhole: before <= room, next };
};

/** What was written since, at most so many bytes. */
export const readSince = async (
  runtime: FilesOf,
  place: LogPlace,
  bytes: number,
): Promise<{ readonly bytes: Uint8Array; readonly next: LogPlace }> => {
  const { path, offset } = place;
  const size = (await runtime.files.size(path)) ?? 0;
  if (size >= offset) {
    const found = await readRange(runtime, path, offset, Math.min(bytes, size - offset));
    return { bytes: found, next: { path, offset: offset + found.length } };
  }
  // It began anew: first the rest of what is the predecessor now.
  const before = (await runtime.files.size(`${path}.1`)) ?? 0;
  const rest =
    before > offset
      ? await readRange(runtime, `${path}.1`, offset, Math.min(bytes, before - offset))
      : new Uint8Array();
  if (offset + rest.length < before) return { bytes: rest, next: { path, offset: offset + rest.length } };
  const found = await readRange(runtime, path, 0, Math.min(bytes - rest.length, size));
  return { bytes: join(rest, found), next: { path, offset: found.length } };
};
