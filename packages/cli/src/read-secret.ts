import { createInterface } from 'node:readline/promises';
import { text } from 'node:stream/consumers';
import type { ReadStream } from 'node:tty';
import { Writable } from 'node:stream';
import { SlipwayError } from '@slipway/protocol';

/** Asks for something that is not to be shown. */
export type ReadSecret = (prompt: string) => Promise<string>;

/**
 * From a terminal what is typed, without an echo; otherwise the next line of what comes, whole in one go.
 *
 * @param open gives the input, which is left alone until it is needed
 * @param tell writes the prompt
 */
export const secretReader = (
  open: () => NodeJS.ReadableStream & Partial<Pick<ReadStream, 'isTTY'>>,
  tell: (text: string) => void,
): ReadSecret => {
  let lines: string[] | undefined;
  return async (prompt) => {
    const input = open();
    if (input.isTTY === true) {
      const mute = new Writable({ write: (_chunk, _encoding, done) => done() });
      using terminal = createInterface({ input, output: mute, terminal: true });
      tell(`${prompt}: `);
      const ended = new Promise<never>((_resolve, reject) => {
        terminal.once('SIGINT', () => reject(new SlipwayError('USAGE', 'Nothing was entered.')));
      });
      const secret = await Promise.race([terminal.question(''), ended]);
      tell('\n');
      return secret;
    }
    lines ??= (await text(input)).split(/\r?\n/);
    const line = lines.shift();
    if (line !== undefined && line !== '') return line;
    throw new SlipwayError('USAGE', `Expected the ${prompt.toLowerCase()} on a line of standard input.`);
  };
};
