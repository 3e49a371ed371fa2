import { StringDecoder } from 'node:string_decoder';

/** Longer lines are cut, and told when they are that long: some never end. */
export const MAX_LINE = 4096;

export type LineSplitter = { readonly push: (chunk: Buffer) => void; readonly end: () => void };

/** Splits what a program writes at LF, CR LF and CR, by which programs draw over a line. */
export const lineSplitter = (onLine: (line: string) => void): LineSplitter => {
  const decoder = new StringDecoder('utf8');
  let line = '';
  let isTold = false;
  let wasReturn = false;
  const add = (part: string): void => {
    if (isTold) return;
    line += part.slice(0, MAX_LINE - line.length);
    if (line.length < MAX_LINE) return;
    onLine(line);
    isTold = true;
  };
  const endLine = (): void => {
    if (!isTold) onLine(line);
    line = '';
    isTold = false;
  };
  const take = (decoded: string): void => {
    if (decoded === '') return;
    const text = wasReturn && decoded.startsWith('\n') ? decoded.slice(1) : decoded;
    wasReturn = decoded.endsWith('\r');
    const [first = '', ...more] = text.split(/\r\n|\n|\r/);
    add(first);
    for (const part of more) {
      endLine();
      add(part);
    }
  };
  return {
    push: (chunk) => take(decoder.write(chunk)),
    end: () => {
      take(decoder.end());
      if (line !== '') endLine();
    },
  };
};
