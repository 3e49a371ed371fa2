import { isErrorCode, type ErrorCode } from '@slipway/protocol';
import { z } from 'zod';

const Failure = z.object({ code: z.string(), message: z.string() });

/** Workers fail their jobs with `{"code","message"}`; BullMQ itself does so with a sentence, for a worker that died. */
export const parseFailure = (reason: string): { readonly code: ErrorCode; readonly message: string } => {
  try {
    const { code, message } = Failure.parse(JSON.parse(reason));
    return { code: isErrorCode(code) ? code : 'BUILD_FAILED', message };
  } catch {
    return { code: 'BUILD_FAILED', message: reason };
  }
};
