/** The newest lines of the agent itself, which go to the console and nowhere else. */
export type LineRing = {
  readonly add: (line: string) => void;
  readonly bytes: () => Uint8Array;
};

const MAX_LINES = 128;
const MAX_LINE = 256;

export const lineRing = (): LineRing => {
  let lines: readonly string[] = [];
  return {
    add: (line) => {
      lines = [...lines, line.slice(0, MAX_LINE)].slice(-MAX_LINES);
    },
    bytes: () => new TextEncoder().encode(lines.map((line) => `${line}\n`).join('')),
  };
};
