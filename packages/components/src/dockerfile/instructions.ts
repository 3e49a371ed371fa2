import { SlipwayError } from '@slipway/protocol';

/** One instruction of a Dockerfile, with what continues it. */
export type Instruction = {
  /** of its first line, from 1 */
  readonly line: number;
  /** in capitals */
  readonly keyword: string;
  /** what follows the keyword, in one line */
  readonly rest: string;
};

const HEREDOC = /<<-?\s*(["']?)([A-Za-z_][A-Za-z0-9_]*)\1/g;
const TAKES_HEREDOC = new Set(['RUN', 'COPY', 'ADD']);

/** The directive `# escape=` before everything else. */
const escapeOf = (lines: readonly string[]): string => {
  for (const line of lines) {
    const directive = /^#\s*([a-z]+)\s*=\s*(\S+)\s*$/i.exec(line.trim());
    if (directive === null) break;
    if (directive[1]?.toLowerCase() === 'escape' && directive[2] === '`') return '`';
  }
  return '\\';
};

/**
 * The instructions of a Dockerfile with the lines they stand in. Only what is needed to know stages, base images and
 * steps is understood; the engine checks the rest.
 *
 * @param name of the file, for errors
 * @throws {SlipwayError} DOCKERFILE_INVALID
 * @see https://docs.docker.com/reference/dockerfile/
 */
export const parseInstructions = (text: string, name: string): Instruction[] => {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  const escape = escapeOf(lines);
  const instructions: Instruction[] = [];
  for (let at = 0; at < lines.length; at++) {
    const first = lines[at]?.trim() ?? '';
    if (first === '' || first.startsWith('#')) continue;
    const line = at + 1;
    let joined = '';
    for (; at < lines.length; at++) {
      const part = lines[at] ?? '';
      // Comments and empty lines may stand within an instruction.
      if (joined !== '' && (part.trim() === '' || part.trimStart().startsWith('#'))) continue;
      const trimmed = part.trimEnd();
      if (!trimmed.endsWith(escape)) {
        joined += trimmed;
        break;
      }
      joined += `${trimmed.slice(0, -1)} `;
    }
    const [, word = '', rest = ''] = /^\s*(\S+)\s*(.*)$/s.exec(joined) ?? [];
    const keyword = word.toUpperCase();
    if (!/^[A-Z]+$/.test(keyword))
      throw new SlipwayError(
        'DOCKERFILE_INVALID',
        `${name}:${line}: expected an instruction such as RUN, found ${JSON.stringify(word)}`,
        { details: { file: name, line } },
      );
    instructions.push({ line, keyword, rest });
    if (TAKES_HEREDOC.has(keyword))
      for (const [, , end = ''] of rest.matchAll(HEREDOC)) {
        at += 1;
        while (at < lines.length && lines[at]?.replace(/^\t+/, '').trimEnd() !== end) at += 1;
      }
  }
  return instructions;
};
