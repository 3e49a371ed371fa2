import type { DeviceLogPiece } from '@slipway/protocol';

export type LogLine = { readonly source: string; readonly text: string };

/** Lines of pieces that come in any size; a line may begin in one and end in the next of the same log. */
export const linesOf = (pieces: readonly Pick<DeviceLogPiece, 'source' | 'text'>[]): LogLine[] => {
  const lines: { source: string; text: string }[] = [];
  const open = new Map<string, { source: string; text: string }>();
  for (const { source, text } of pieces) {
    const parts = text.split('\n');
    for (const [at, part] of parts.entries()) {
      const begun = open.get(source);
      if (begun !== undefined) begun.text += part;
      else if (part !== '' || at < parts.length - 1) {
        const line = { source, text: part };
        lines.push(line);
        open.set(source, line);
      }
      if (at < parts.length - 1) open.delete(source);
    }
  }
  return lines;
};
