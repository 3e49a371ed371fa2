import { messageOf } from '@slipway/protocol';
import type { ScannedFile, ScanWarning } from '../found-package.ts';
import { plainText } from '../spdx-expression.ts';

/** Collects what had to be left out. A database with a million wrong entries makes no list of a million. */
export class Warnings {
  readonly list: ScanWarning[] = [];
  readonly #max: number;
  #dropped = 0;

  constructor(max = 200) {
    this.#max = max;
  }

  add(path: string, message: string): void {
    if (this.list.length < this.#max) this.list.push({ path, message: plainText(message, 300) });
    else this.#dropped += 1;
  }

  all(): ScanWarning[] {
    return this.#dropped === 0
      ? this.list
      : [...this.list, { path: '', message: `${this.#dropped} more warnings are left out` }];
  }
}

/** Packages of one database; all of Debian has fewer, and what a hostile image claims must not fill the memory. */
export const MAX_ENTRIES = 100_000;

/** The first entries of a database, and a warning if there are more. */
export function* firstEntries<T>(entries: Iterable<T>, path: string, warnings: Warnings): Generator<T> {
  let count = 0;
  for (const entry of entries) {
    if (count === MAX_ENTRIES) {
      warnings.add(path, `expected at most ${MAX_ENTRIES} packages, found more; they are left out`);
      return;
    }
    count += 1;
    yield entry;
  }
}

/** A whole file as text, or nothing and a warning where it is larger than such a file ever is or cannot be read. */
export const readText = (file: ScannedFile, maxBytes: number, warnings: Warnings): string | undefined => {
  if (file.size > maxBytes) {
    warnings.add(file.path, `expected at most ${maxBytes} bytes, found ${file.size}; it was not read`);
    return undefined;
  }
  try {
    return new TextDecoder().decode(file.read());
  } catch (error) {
    warnings.add(file.path, `cannot be read: ${messageOf(error)}`);
    return undefined;
  }
};
