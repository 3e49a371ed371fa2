/** As much of a console as is looked at; the rest is in the file. */
export const KEPT_LINES = 400;

/** The end of what was printed, with a piece more; lines stay whole. */
export const appendPiece = (before: string, piece: string): string => {
  const lines = `${before}${piece}`.split('\n');
  return lines.slice(-KEPT_LINES).join('\n');
};
