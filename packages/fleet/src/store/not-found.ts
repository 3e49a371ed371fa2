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

export type { Page } from './page.ts';
