import { SlipwayError } from '@slipway/protocol';

/** Whether somebody else saved first. */
export const isOutrun = (error: unknown): boolean =>
  error instanceof SlipwayError && error.code === 'PRECONDITION_FAILED';
