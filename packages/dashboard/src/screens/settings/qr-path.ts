/** Black modules as one path, row by row, those side by side as one piece. */
export const pathOf = (rows: readonly (readonly boolean[])[]): string =>
  rows
    .flatMap((row, y) => {
      const pieces: string[] = [];
      let x = 0;
      while (x < row.length) {
        if (!row[x]) {
          x += 1;
          continue;
        }
        let end = x;
        while (row[end]) end += 1;
        pieces.push(`M${x} ${y}h${end - x}v1h${x - end}z`);
        x = end;
      }
      return pieces;
    })
    .join('');
