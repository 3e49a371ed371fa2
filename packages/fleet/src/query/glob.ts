/** `*` any characters, `?` one, `\` before a character that stands for itself. */
export type Pattern = readonly ('any' | 'one' | { readonly text: string })[];

/** @returns undefined where nothing follows a `\` */
export const parseGlob = (glob: string): Pattern | undefined => {
  const pieces: ('any' | 'one' | { readonly text: string })[] = [];
  const characters = Array.from(glob);
  for (let n = 0; n < characters.length; n++) {
    const character = characters[n];
    if (character === '*') pieces.push('any');
    else if (character === '?') pieces.push('one');
    else if (character !== '\\') pieces.push({ text: character ?? '' });
    else {
      const next = characters[++n];
      if (next === undefined) return undefined;
      pieces.push({ text: next });
    }
  }
  return pieces;
};

/** For LIKE, whose escape is `\` unless told otherwise. */
export const toLike = (pattern: Pattern): string =>
  pattern
    .map((piece) => {
      if (piece === 'any') return '%';
      return piece === 'one' ? '_' : piece.text.replace(/[%_\\]/, '\\$&');
    })
    .join('');

export const toRegExp = (pattern: Pattern): RegExp =>
  new RegExp(
    `^${pattern
      .map((piece) => {
        if (piece === 'any') return '.*';
        return piece === 'one' ? '.' : piece.text.replace(/[\\^$.*+?()[\]{}|/]/, '\\$&');
      })
      .join('')}$`,
    'su',
  );
