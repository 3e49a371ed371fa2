import { gunzipSync } from 'node:zlib';
import { ContentsEntry, ContentsHead, SlipwayError } from '@slipway/protocol';

/** What `contents.jsonl.gz` holds, path by path. */
export type Contents = {
  readonly head: ContentsHead;
  /** parents before what is in them */
  readonly entries: ReadonlyMap<string, ContentsEntry>;
};

/** A million files have a tenth of it. */
const MAX_CONTENTS_BYTES = 1024 * 1024 * 1024;

export const contentsInvalid = (cause: unknown): SlipwayError =>
  new SlipwayError('CONTENTS_INVALID', 'The list of files of the build cannot be read. Build again.', {
    cause,
  });

/**
 * @param text uncompressed
 * @throws {SlipwayError} CONTENTS_INVALID
 */
export const parseContentsLines = (text: string): Contents => {
  try {
    const [first = '', ...lines] = text.trimEnd().split('\n');
    const head = ContentsHead.parse(JSON.parse(first));
    const entries = lines.map((line) => ContentsEntry.parse(JSON.parse(line)));
    return { head, entries: new Map(entries.map((entry) => [entry.path, entry])) };
  } catch (cause) {
    throw contentsInvalid(cause);
  }
};

/**
 * @param bytes as the file is stored
 * @throws {SlipwayError} CONTENTS_INVALID
 */
export const readContents = (bytes: Uint8Array): Contents => {
  let text: string;
  try {
    text = gunzipSync(bytes, { maxOutputLength: MAX_CONTENTS_BYTES }).toString();
  } catch (cause) {
    throw contentsInvalid(cause);
  }
  return parseContentsLines(text);
};
