import type { SlotName, TrybootPartitions } from '@slipway/protocol';
import { SECTOR } from './in-place.ts';

/** What the firmware of a Raspberry Pi makes of `autoboot.txt`. */
export type Autoboot = {
  /** partition of a plain boot, and of one with the tryboot flag; undefined: the first that can be started */
  readonly plain: number | undefined;
  readonly tryboot: number | undefined;
  /** the flag chooses a partition, not another config.txt in the same */
  readonly switchesPartitions: boolean;
};

/** The file has this many bytes from the first write on, so that nothing but its one sector ever changes. */
const BYTES = SECTOR / 2;

const OURS = /^\s*(?:boot_partition|tryboot_a_b)\s*=/;

type Line = { readonly section: string; readonly text: string };

const linesOf = (text: string): readonly Line[] => {
  let section = 'all';
  const lines: Line[] = [];
  for (const line of text.split('\n')) {
    const header = /^\s*\[([^\]]*)\]/.exec(line)?.[1];
    if (header !== undefined) section = header.trim().toLowerCase();
    else if (line.trim() !== '' && !line.startsWith('#')) lines.push({ section, text: line.trimEnd() });
  }
  return lines;
};

/**
 * @see Raspberry Pi documentation, "autoboot.txt": at most 512 bytes, filters `[all]`, `[none]` and `[tryboot]`; a later
 * line wins
 */
export const parseAutoboot = (bytes: Uint8Array | undefined): Autoboot => {
  const lines = linesOf(bytes === undefined ? '' : new TextDecoder().decode(bytes));
  const last = (key: string, sections: readonly string[]): number | undefined => {
    const found = lines.findLast(
      ({ section, text }) => sections.includes(section) && new RegExp(`^\\s*${key}\\s*=\\s*\\d+`).test(text),
    );
    return found === undefined ? undefined : Number(/=\s*(\d+)/.exec(found.text)?.[1]);
  };
  return {
    plain: last('boot_partition', ['all']),
    tryboot: last('boot_partition', ['all', 'tryboot']),
    switchesPartitions: last('tryboot_a_b', ['all']) === 1,
  };
};

/**
 * `autoboot.txt` with another default; other settings are kept.
 *
 * @throws {RangeError} where they leave no room
 */
export const writeAutoboot = (
  before: Uint8Array | undefined,
  partitions: TrybootPartitions,
  slot: SlotName,
): Uint8Array => {
  const kept = linesOf(before === undefined ? '' : new TextDecoder().decode(before)).filter(
    ({ text }) => !OURS.test(text),
  );
  const section = (name: string, lines: readonly string[]): string =>
    [`[${name}]`, ...lines, ...kept.filter((line) => line.section === name).map(({ text }) => text)].join(
      '\n',
    );
  const others = [...new Set(kept.map((line) => line.section))].filter(
    (name) => name !== 'all' && name !== 'tryboot',
  );
  const text = [
    section('all', ['tryboot_a_b=1', `boot_partition=${partitions[slot]}`]),
    section('tryboot', [`boot_partition=${partitions[slot === 'a' ? 'b' : 'a']}`]),
    ...others.map((name) => section(name, [])),
    '[all]\n',
  ].join('\n');
  const bytes = new TextEncoder().encode(text);
  if (bytes.length > BYTES)
    throw new RangeError(`autoboot.txt would have ${bytes.length} bytes, room is for ${BYTES}`);
  const file = new Uint8Array(BYTES).fill('\n'.charCodeAt(0));
  file.set(bytes);
  return file;
};
