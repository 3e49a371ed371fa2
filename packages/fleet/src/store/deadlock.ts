const TRIES = 5;

/** Each has a digit; `EPIPE` is none. */
const SQL_STATE = /^(?=.*\d)[0-9A-Z]{5}$/;

/** SQLSTATE of what the database refused, however deep in the causes. */
export const sqlStateOf = (error: unknown): string | undefined => {
  if (!(error instanceof Error)) return undefined;
  if ('code' in error && typeof error.code === 'string' && SQL_STATE.test(error.code)) return error.code;
  return sqlStateOf(error.cause);
};

/** Does a transaction again where it was the one that had to give way to another. */
export const despiteDeadlocks = async <Result>(transaction: () => Promise<Result>): Promise<Result> => {
  for (let left = TRIES; ; left -= 1) {
    try {
      return await transaction();
    } catch (error) {
      if (left === 0 || sqlStateOf(error) !== '40P01') throw error;
    }
  }
};
