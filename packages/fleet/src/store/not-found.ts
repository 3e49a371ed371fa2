import { SlipwayError } from '@slipway/protocol';

/** The one row that a lookup by id gives, or NOT_FOUND. */
export const found = <Row>(rows: readonly Row[], kind: string, id: string): Row => {
  const [row] = rows;
  if (row === undefined) {
    throw new SlipwayError(
      'NOT_FOUND',
      `There is no ${kind} ${id}. List the ${kind}s to see what there is.`,
      {
        details: { kind, id },
      },
    );
  }
  return row;
};

/** A part of a list, newest first. */
export type Page = { readonly limit: number; readonly offset: number };
