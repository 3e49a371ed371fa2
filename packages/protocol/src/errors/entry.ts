/** What an operator needs to know about one kind of failure. */
export type ErrorEntry = {
  /** What happened, in one sentence. */
  readonly meaning: string;
  /** How to mend it, in one sentence. */
  readonly mend: string;
  /** Exit status of a command that ends with it (sysexits.h where one fits). */
  readonly exit: number;
  /** HTTP status of an answer that carries it. */
  readonly http: number;
};

/** One kind of failure, as the catalogue has it. */
export const entry = (exit: number, http: number, meaning: string, mend: string): ErrorEntry => ({
  meaning,
  mend,
  exit,
  http,
});
