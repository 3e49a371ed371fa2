import type { ContentsEntry } from '@slipway/protocol';
import type { Finding } from './finding.ts';
import { LINT_RULES, type LintCode } from './rules.ts';

const STICKY = 0o1000;
const SET_ID = 0o6000;
const WRITABLE_BY_ALL = 0o002;

/**
 * What only the files of a built image show: modes that came with its components.
 *
 * @param image as people name it; it has no lines
 */
export const lintBuilt = (entries: Iterable<ContentsEntry>, image: string): Finding[] => {
  const found: Finding[] = [];
  for (const { path, type, mode: text } of entries) {
    const mode = Number.parseInt(text, 8);
    const report = (code: LintCode): void => {
      const { severity, mend } = LINT_RULES[code];
      const message = `/${path} has the mode ${text}`;
      found.push({
        code,
        severity,
        file: image,
        line: 1,
        column: 1,
        key: '',
        subject: `files.${path}`,
        message,
        mend,
      });
    };
    const isSticky = type === 'directory' && (mode & STICKY) !== 0;
    if ((type === 'file' || type === 'directory') && (mode & WRITABLE_BY_ALL) !== 0 && !isSticky)
      report('FILE_WRITABLE_BY_ALL');
    if (type === 'file' && (mode & SET_ID) !== 0) report('FILE_SET_USER_ID');
  }
  return found;
};
