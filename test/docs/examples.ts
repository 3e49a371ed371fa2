/** The examples of a page of `docs/`, as `docs/README.md` says how they are written. */

export type Step =
  /** a file that the reader has before the next command */
  | { readonly type: 'file'; readonly line: number; readonly path: string; readonly text: string }
  /** commands, and what they print if the page shows it */
  | {
      readonly type: 'run';
      readonly line: number;
      readonly script: string;
      readonly output: string | undefined;
      /** it asks a server */
      readonly server?: true;
    };

type Block = { readonly line: number; readonly info: string; readonly text: string };

const FENCE = /^( *)(`{3,})([^`]*)$/;

const blocksOf = (markdown: string): Block[] => {
  const blocks: Block[] = [];
  let open: { line: number; fence: string; indent: number; info: string; lines: string[] } | undefined;
  for (const [index, line] of markdown.split('\n').entries()) {
    const [, indent = '', fence, info = ''] = FENCE.exec(line) ?? [];
    if (open === undefined) {
      if (fence !== undefined)
        open = { line: index + 1, fence, indent: indent.length, info: info.trim(), lines: [] };
    } else if (fence === open.fence && info.trim() === '') {
      blocks.push({ line: open.line, info: open.info, text: `${open.lines.join('\n')}\n` });
      open = undefined;
    } else open.lines.push(line.slice(Math.min(open.indent, line.length - line.trimStart().length)));
  }
  return blocks;
};

export const stepsOf = (markdown: string): Step[] => {
  const blocks = blocksOf(markdown);
  return blocks.flatMap(({ line, info, text }, index): Step[] => {
    const file = /^\S+ file=(\S+)$/.exec(info)?.[1];
    if (file !== undefined) return [{ type: 'file', line, path: file, text }];
    if (info !== 'sh' && info !== 'sh server') return [];
    const next = blocks[index + 1];
    const output = next?.info === 'text' ? next.text : undefined;
    return [{ type: 'run', line, script: text, output, ...(info === 'sh' ? {} : { server: true }) }];
  });
};

/**
 * What a page shows against what was printed: `…` stands for anything in its line, with the spaces
 * around it; alone for any number of lines.
 */
export const outputPattern = (shown: string): RegExp => {
  const lines = tidyOutput(shown).slice(0, -1).split('\n');
  const patterns = lines.map((line) =>
    line === '…'
      ? '(?:.*\\n)*?'
      : `${line.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&').replaceAll(/ *… */g, '.*?')}\\n`,
  );
  return new RegExp(`^${patterns.join('')}$`);
};

/** Ends in one line feed, and no line ends in spaces. */
export const tidyOutput = (text: string): string => `${text.replace(/[ \t]+$/gm, '').trim()}\n`;
