import { appendFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { VERDICTS } from './judge/verdict.ts';

/** One line of `results.jsonl`. */
export const CaseResult = z.object({
  id: z.string(),
  /** `boot`: QEMU; `model`: firmware and init are played, the agent is real; `kill`: QEMU was killed, then booted */
  by: z.enum(['boot', 'model', 'kill']),
  /** of the state that was left; cases of the same key leave the same */
  key: z.string().optional(),
  verdict: z.enum(VERDICTS).optional(),
  result: z.enum(['good', 'bricked', 'wrong']),
  faults: z.array(z.string()),
  seconds: z.number(),
});
export type CaseResult = z.infer<typeof CaseResult>;

/** What is known of each case, kept line by line so that an end at any time loses nothing. */
export type Results = {
  readonly all: readonly CaseResult[];
  readonly add: (result: CaseResult) => void;
};

const parseLine = (line: string): CaseResult | undefined => {
  try {
    return CaseResult.parse(JSON.parse(line));
  } catch {
    // The last line of a run that was killed.
    return undefined;
  }
};

export const openResults = async (path: string): Promise<Results> => {
  const text = await readFile(path, 'utf8').catch(() => '');
  const all = text.split('\n').flatMap((line) => parseLine(line) ?? []);
  return {
    all,
    add: (result) => {
      all.push(result);
      appendFileSync(path, `${JSON.stringify(result)}\n`);
    },
  };
};
