import { codeOf, type ErrorCode } from '@slipway/protocol';

/** The code of what some work throws, for tests of refusals. */
export const codeThrownBy = async (work: Promise<unknown>): Promise<ErrorCode | 'nothing'> =>
  work.then(
    () => 'nothing' as const,
    (error: unknown) => codeOf(error),
  );
