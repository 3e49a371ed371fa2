import { formatPath, type Path, type Position, type SpecDocument } from '../document.ts';
import { LINT_RULES, type LintCode, type Severity } from './rules.ts';

/** One weakness of an image, with all that is needed to mend it. */
export type Finding = Position & {
  readonly code: LintCode;
  readonly severity: Severity;
  readonly file: string;
  /** such as `services[0].net` */
  readonly key: string;
  /** what `lint.allow` and baselines name it by: `services.web`, `files.etc/shadow`, `CONFIG_DEVMEM`, … */
  readonly subject: string;
  /** what was found here */
  readonly message: string;
  readonly mend: string;
  /** why it is let pass; absent: it is not */
  readonly allowed?: string;
};

/** Where something stands: key and value of one document. */
export type Spot = { readonly doc: SpecDocument; readonly path: Path };

/** A key that is not there is pointed at by the value that lacks it. */
export const finding = (code: LintCode, { doc, path }: Spot, subject: string, message: string): Finding => ({
  code,
  severity: LINT_RULES[code].severity,
  file: doc.file,
  ...doc.positionOf(path),
  key: formatPath(path),
  subject,
  message,
  mend: LINT_RULES[code].mend,
});
