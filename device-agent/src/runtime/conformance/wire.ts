/** Lines of JSON in which bytes are base64; for short ones. In ASCII, so that no character is cut in two. */
type Bytes = { readonly $bytes: string };

const isBytes = (value: unknown): value is Bytes =>
  typeof value === 'object' && value !== null && '$bytes' in value && typeof value.$bytes === 'string';

export const encodeLine = (value: unknown): string => {
  const json = JSON.stringify(value, (_, field: unknown) =>
    field instanceof Uint8Array
      ? ({ $bytes: btoa(Array.from(field, (byte) => String.fromCharCode(byte)).join('')) } satisfies Bytes)
      : field,
  );
  const escape = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return `${json.replace(/[^\0-\x7f]/g, escape)}\n`;
};

export const decodeLine = (line: string): unknown =>
  JSON.parse(line, (_, field: unknown) =>
    isBytes(field) ? Uint8Array.from(atob(field.$bytes), (letter) => letter.charCodeAt(0)) : field,
  );

/** Calls `onLine` for each line of what comes in pieces. */
export const splitLines = (onLine: (line: string) => void): ((text: string) => void) => {
  let rest = '';
  return (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
  };
};

export type Request = { readonly id: number; readonly call: string; readonly args: readonly unknown[] };
export type Response = { readonly id: number; readonly result?: unknown; readonly error?: string };
