import type { AgentConfig } from '../config.ts';
import type { Runtime } from '../runtime/port.ts';
import { readEnd } from './bounded.ts';

const MAX_RECORDS = 64;
const MAX_RECORD_BYTES = 64 * 1024;

type Record = { readonly time: string; readonly part: number; readonly text: string };

/** `Panic#1 Part3`, then lines. An oops that the kernel survived has another word and is none. */
const parse = (name: string, text: string): Record | undefined => {
  const head = /^Panic#\d+ Part(\d+)\n/.exec(text);
  if (head === null) return undefined;
  // Seconds since 1970, when this part was written, begin the number of a record of efi_pstore.
  const time = /^dmesg-efi_pstore-(\d{10})/.exec(name)?.[1] ?? '';
  return { time, part: Number(head[1]), text: text.slice(head[0].length) };
};

const pstoreOf = (sysDir: string): string => `${sysDir}/fs/pstore`;
const isRecord = (name: string): boolean => name.startsWith('dmesg-');

/**
 * What the kernel kept of its last words when it panicked, oldest line first: parts are counted from the newest text
 * backwards. Of several panics it is the last.
 *
 * @returns null where there was none
 */
export const readPanic = async (
  { files }: Pick<Runtime, 'files'>,
  { sysDir }: Pick<AgentConfig, 'sysDir'>,
): Promise<string | null> => {
  const names = (await files.list(pstoreOf(sysDir))).filter(isRecord).sort().slice(-MAX_RECORDS);
  const records: Record[] = [];
  for (const name of names) {
    const bytes = await readEnd(files, `${pstoreOf(sysDir)}/${name}`, MAX_RECORD_BYTES);
    const record = bytes === undefined ? undefined : parse(name, new TextDecoder().decode(bytes));
    if (record !== undefined) records.push(record);
  }
  records.sort((a, b) => a.time.localeCompare(b.time) || a.part - b.part);
  // A panic is written from its first part on, and that may take longer than a second.
  const begin = Math.max(
    0,
    records.findLastIndex(({ part }) => part === 1),
  );
  const parts = records.slice(begin).sort((a, b) => b.part - a.part);
  return parts.length === 0 ? null : parts.map(({ text }) => text).join('');
};

/** They fill the store of the firmware after a few panics, so all of them go. */
export const clearPanics = async (
  { files }: Pick<Runtime, 'files'>,
  { sysDir }: Pick<AgentConfig, 'sysDir'>,
): Promise<void> => {
  for (const name of await files.list(pstoreOf(sysDir)))
    if (isRecord(name)) await files.remove(`${pstoreOf(sysDir)}/${name}`);
};
