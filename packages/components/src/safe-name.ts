import { SlipwayError } from '@slipway/protocol';

const MAX_NAME_BYTES = 255;
const MAX_PATH_BYTES = 4096;

/** An empty part, `.`, `..` or NUL somewhere, or nothing at all. */
// oxlint-disable-next-line no-control-regex -- NUL is what it looks for
const UNUSUAL = /\0|(?:^|\/)\.{0,2}\/|(?:^|\/)\.{1,2}$|^$/;

export const refuseEntry = (source: string, name: string, what: string): never => {
  throw new SlipwayError(
    'LAYER_UNSAFE',
    `${source}: ${JSON.stringify(name)}: ${what}; do not use this component`,
    { details: { component: source, entry: name } },
  );
};

/**
 * A name of an archive as a path below the root.
 *
 * @returns undefined for the root itself
 * @throws {SlipwayError} LAYER_UNSAFE
 */
export const assertSafeName = (name: string, source: string): string | undefined => {
  // Nearly every name is like this, and there are many of them.
  if (name.length <= MAX_NAME_BYTES / 4 && !UNUSUAL.test(name))
    return name.endsWith('/') ? name.slice(0, -1) : name;
  if (name.includes('\0')) return refuseEntry(source, name, 'a name holds NUL');
  if (name.startsWith('/')) return refuseEntry(source, name, 'a name is absolute');
  if (Buffer.byteLength(name) > MAX_PATH_BYTES)
    return refuseEntry(source, `${name.slice(0, 80)}…`, `a name is longer than ${MAX_PATH_BYTES} bytes`);
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  for (const part of parts) {
    if (part === '..') return refuseEntry(source, name, 'a name leaves the tree by ..');
    if (part.length > MAX_NAME_BYTES / 4 && Buffer.byteLength(part) > MAX_NAME_BYTES)
      return refuseEntry(
        source,
        `${name.slice(0, 80)}…`,
        `a part of a name is longer than ${MAX_NAME_BYTES} bytes`,
      );
  }
  return parts.length === 0 ? undefined : parts.join('/');
};
