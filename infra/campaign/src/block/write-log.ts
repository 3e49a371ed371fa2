import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { finished } from 'node:stream/promises';
import { z } from 'zod';

/** `disk`: the block device, with a cache that forgets. `vars`: the firmware's flash, where a write is there at once. */
export const DeviceName = z.enum(['disk', 'vars']);
export type DeviceName = z.infer<typeof DeviceName>;

const Line = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('write'),
    device: DeviceName,
    offset: z.int(),
    length: z.int(),
    fua: z.boolean(),
    /** position of the bytes in the data file */
    at: z.int(),
  }),
  z.object({ kind: z.literal('flush'), device: DeviceName }),
  /** something that was seen outside the machine at this time */
  z.object({ kind: z.literal('mark'), what: z.string(), detail: z.unknown() }),
]);

export type LogEntry =
  | {
      readonly kind: 'write';
      readonly device: DeviceName;
      readonly offset: number;
      readonly bytes: Buffer;
      readonly fua: boolean;
    }
  | { readonly kind: 'flush'; readonly device: DeviceName }
  | { readonly kind: 'mark'; readonly what: string; readonly detail: unknown };

export type WriteLog = readonly LogEntry[];

/** Two files: `PATH.jsonl` with a line per entry, `PATH.bin` with the bytes of all writes. */
export const saveLog = async (path: string, log: WriteLog): Promise<void> => {
  const lines = createWriteStream(`${path}.jsonl`);
  const data = createWriteStream(`${path}.bin`);
  let at = 0;
  for (const entry of log) {
    let line: z.infer<typeof Line>;
    if (entry.kind === 'write') {
      const { bytes, ...rest } = entry;
      line = { ...rest, length: bytes.length, at };
      at += bytes.length;
      if (!data.write(bytes)) await once(data, 'drain');
    } else line = entry;
    lines.write(`${JSON.stringify(line)}\n`);
  }
  lines.end();
  data.end();
  await Promise.all([finished(lines), finished(data)]);
};

export const loadLog = async (path: string): Promise<LogEntry[]> => {
  const data = await readFile(`${path}.bin`);
  const text = await readFile(`${path}.jsonl`, 'utf8');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const parsed = Line.parse(JSON.parse(line));
      if (parsed.kind !== 'write') return parsed;
      const { at, length, ...rest } = parsed;
      return { ...rest, bytes: data.subarray(at, at + length) };
    });
};
