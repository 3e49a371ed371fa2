/** Archives as registries hold them, written file by file: ustar, owned by root, one time for everything. */
const BLOCK = 512;
const MTIME = 1_730_000_000;

export type Entry =
  | { readonly type: 'directory'; readonly path: string }
  | { readonly type: 'symlink' | 'hardlink'; readonly path: string; readonly target: string }
  | {
      readonly type: 'file';
      readonly path: string;
      readonly mode: number;
      readonly size: number;
      readonly write: (into: Uint8Array) => void;
    };

const FLAGS = { file: '0', hardlink: '1', symlink: '2', directory: '5' } as const;

const header = (entry: Entry): Buffer => {
  const block = Buffer.alloc(BLOCK);
  const octal = (offset: number, digits: number, value: number): number =>
    block.write(value.toString(8).padStart(digits, '0'), offset, 'latin1');
  const mode = entry.type === 'file' ? entry.mode : entry.type === 'symlink' ? 0o777 : 0o755;
  block.write(entry.type === 'directory' ? `${entry.path}/` : entry.path, 0, 100, 'latin1');
  octal(100, 7, mode);
  octal(108, 7, 0);
  octal(116, 7, 0);
  octal(124, 11, entry.type === 'file' ? entry.size : 0);
  octal(136, 11, MTIME);
  block.write(`        ${FLAGS[entry.type]}`, 148, 'latin1');
  if ('target' in entry) block.write(entry.target, 157, 100, 'latin1');
  block.write('ustar\u000000', 257, 'latin1');
  block.write('root', 265, 'latin1');
  block.write('root', 297, 'latin1');
  let sum = 0;
  for (const byte of block) sum += byte;
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
};

const padded = (size: number): number => Math.ceil(size / BLOCK) * BLOCK;
const END = Buffer.alloc(2 * BLOCK);

/** Bytes that `tarParts` gives. */
export const tarSize = (entries: readonly Entry[]): number =>
  entries.reduce((sum, entry) => sum + BLOCK + (entry.type === 'file' ? padded(entry.size) : 0), END.length);

/** Never more than one file in memory. */
export function* tarParts(entries: readonly Entry[]): Generator<Uint8Array> {
  for (const entry of entries) {
    yield header(entry);
    if (entry.type !== 'file') continue;
    const bytes = new Uint8Array(padded(entry.size));
    entry.write(bytes.subarray(0, entry.size));
    yield bytes;
  }
  yield END;
}
