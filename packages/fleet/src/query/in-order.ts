import type { Order } from './ast.ts';

/** @param difference negative: what is asked about comes before what it is compared with */
export const inOrder = (difference: number, order: Order): boolean => {
  switch (order) {
    case '=':
      return difference === 0;
    case '<':
      return difference < 0;
    case '<=':
      return difference <= 0;
    case '>':
      return difference > 0;
    case '>=':
      return difference >= 0;
    default:
      return order satisfies never;
  }
};
