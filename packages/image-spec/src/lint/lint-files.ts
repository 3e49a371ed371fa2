import type { FileEntry } from '../linuxkit-entries.ts';
import type { Located } from '../image-part.ts';
import { finding, type Finding } from './finding.ts';
import type { LintCode } from './rules.ts';

const PRIVATE_KEY = /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----/;
const STICKY = 0o1000;
const SET_ID = 0o6000;
const WRITABLE_BY_ALL = 0o002;

/** Accounts of etc/shadow and etc/passwd that somebody gets in by: without a password, or with one that is the same everywhere. */
const openAccounts = (text: string): string[] =>
  text.split('\n').flatMap((line) => {
    const [name = '', hash] = line.split(':');
    if (name === '' || name.startsWith('#') || hash === undefined) return [];
    if (hash === '') return [`${name} without a password`];
    return hash.startsWith('$') ? [`${name} with a password`] : [];
  });

/** What is wrong with a file that the image file itself holds. */
export const lintFile = ({ doc, path, value }: Located<FileEntry>): Finding[] => {
  const found: Finding[] = [];
  const name = value.path.replace(/^\/+/, '');
  const report = (code: LintCode, key: string, message: string): void =>
    void found.push(finding(code, { doc, path: [...path, key] }, `files.${name}`, message));
  const { contents = '' } = value;
  if (PRIVATE_KEY.test(contents)) report('SECRET_IN_IMAGE', 'contents', `${name} holds a private key`);
  if (/^etc\/(?:shadow|passwd)-?$/.test(name))
    for (const account of openAccounts(contents))
      report('PASSWORD_DEFAULT', 'contents', `${name} has the account ${account}`);
  const mode = Number.parseInt(value.mode ?? '0', 8);
  const isSticky = value.directory === true && (mode & STICKY) !== 0;
  if ((mode & WRITABLE_BY_ALL) !== 0 && !isSticky && value.symlink === undefined)
    report('FILE_WRITABLE_BY_ALL', 'mode', `${name} has the mode ${value.mode ?? ''}`);
  if ((mode & SET_ID) !== 0 && value.directory !== true)
    report('FILE_SET_USER_ID', 'mode', `${name} has the mode ${value.mode ?? ''}`);
  return found;
};
