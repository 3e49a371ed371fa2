const BYTES = 32;

/** What a forge signs its notices with; made here, because the server tells none of its own but once. */
export const newHookSecret = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(BYTES)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');
