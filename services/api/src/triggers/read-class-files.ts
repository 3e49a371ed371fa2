import { createHash } from 'node:crypto';
import type { ParsedClassFile } from '@slipway/fleet';
import { parseClassFile } from '@slipway/image-spec';
import { codeOf, messageOf } from '@slipway/protocol';

type ClassText = { readonly path: string; readonly text: string };

/** What class files name; one that is broken says so and no more. */
export const readClassFiles = (texts: readonly ClassText[]): ParsedClassFile[] =>
  texts.map(({ path: file, text }) => {
    try {
      const { name: deviceClass, triggers } = parseClassFile(text, file);
      return { file, deviceClass, triggers };
    } catch (error) {
      return { file, fault: { code: codeOf(error), message: messageOf(error) } };
    }
  });

/** By which it is known whether they are as they were. */
export const digestOfTexts = (texts: readonly ClassText[]): string =>
  createHash('sha256').update(JSON.stringify(texts)).digest('hex');
