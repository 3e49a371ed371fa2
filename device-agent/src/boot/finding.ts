/** One thing that doctor looked at. */
export type Finding = {
  /** stable name of the check, such as `loader-default` */
  readonly check: string;
  /** warning: works, but a defence is missing; fault: something does not work, or will not at the next boot */
  readonly level: 'ok' | 'warning' | 'fault';
  readonly text: string;
  /** what a person does about it */
  readonly advice?: string;
  /** What `--fix` does about it: never touches the active slot. @returns what was done */
  readonly mend?: () => Promise<string>;
};

export const ok = (check: string, text: string): Finding => ({ check, level: 'ok', text });

export const warning = (
  check: string,
  text: string,
  advice: string,
  mend?: () => Promise<string>,
): Finding => ({ check, level: 'warning', text, advice, ...(mend === undefined ? {} : { mend }) });

export const fault = (
  check: string,
  text: string,
  advice: string,
  mend?: () => Promise<string>,
): Finding => ({ check, level: 'fault', text, advice, ...(mend === undefined ? {} : { mend }) });
