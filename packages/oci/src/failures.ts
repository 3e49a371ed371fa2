import { SlipwayError, type ErrorCode } from '@slipway/protocol';

/** Errors about one image name it first, and carry it for programs. */
export const failure = (
  code: ErrorCode,
  ref: string,
  message: string,
  options: { readonly cause?: unknown; readonly details?: Readonly<Record<string, unknown>> } = {},
): SlipwayError =>
  new SlipwayError(code, `${ref}: ${message}`, {
    cause: options.cause,
    details: { component: ref, ...options.details },
  });
