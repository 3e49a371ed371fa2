import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { formatLogStep, type JobProgress } from '@slipway/protocol';

/** `build.log`: lines with their times, steps among them in a form of their own; attempts one after the other. */
export type BuildLog = {
  readonly line: (text: string) => void;
  readonly step: (progress: JobProgress) => void;
  readonly close: () => Promise<void>;
};

export const openBuildLog = (folder: string): BuildLog => {
  const file = createWriteStream(join(folder, 'build.log'), { flags: 'a' });
  // A log that cannot be written, because the disk is full, must not end the worker, nor hide what ends the build.
  file.on('error', () => undefined);
  const write = (text: string): void => void file.write(`${new Date().toISOString()} ${text}\n`);
  return {
    // Each line of a text has its time; none looks like a step.
    line: (text) => {
      for (const part of text.split('\n')) write(part.replace(/^(?=== )/, ' '));
    },
    step: (progress) => write(formatLogStep(progress)),
    close: async () => {
      file.end();
      await finished(file).catch(() => undefined);
    },
  };
};
