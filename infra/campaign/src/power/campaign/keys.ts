import { appendFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { messageOf } from '@slipway/protocol';
import { z } from 'zod';
import type { Case } from '../cut/cases.ts';
import { Untold } from '../model/visible-state.ts';
import type { Stage } from './stage.ts';

const Line = z.object({ id: z.string(), key: z.string().nullable(), why: z.string().optional() });

/** Which state each case leaves; null where the model cannot tell, so that it must be booted. */
export type Keys = ReadonlyMap<string, string | null>;

/** Reads the states of all cases that are not known yet; kept line by line in `path`. */
export const readKeys = async (
  path: string,
  cases: readonly Case[],
  stageOf: (item: Case) => Stage,
  onProgress: (done: number) => void,
  isOver: () => boolean,
  jobs: number,
): Promise<Keys> => {
  const keys = new Map<string, string | null>();
  for (const line of (await readFile(path, 'utf8').catch(() => ''))
    .split('\n')
    .filter((text) => text.endsWith('}'))) {
    const { id, key } = Line.parse(JSON.parse(line));
    keys.set(id, key);
  }
  let [done, text] = [0, ''];
  const write = (): void => {
    if (text !== '') appendFileSync(path, text);
    text = '';
  };
  const read = async (item: Case): Promise<void> => {
    let key: string | null;
    let why: string | undefined;
    try {
      key = await stageOf(item).keyOf(item);
    } catch (error) {
      if (!(error instanceof Untold)) throw error;
      [key, why] = [null, messageOf(error)];
    }
    // Statuses that the server saw are part of what a case is judged by.
    const full = key === null ? null : `${item.arch}-${item.scenario}-${item.phase}-${key}`;
    keys.set(item.id, full);
    text += `${JSON.stringify({ id: item.id, key: full, why })}\n`;
    if (text.length > 4096) {
      write();
      onProgress(done);
    }
  };
  const unknown = cases.filter(({ id }) => !keys.has(id)).values();
  const worker = async (): Promise<void> => {
    for (const item of unknown) {
      if (isOver()) return;
      done++;
      await read(item);
    }
  };
  await Promise.all(Array.from({ length: jobs }, worker));
  write();
  return keys;
};
