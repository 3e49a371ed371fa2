import { encodeTar } from '@slipway/components';
import { treeOf } from './listing.ts';

/** A tar of a table of files. */
export const tarOf = (table: string): Uint8Array =>
  new Uint8Array(Buffer.concat([...encodeTar(treeOf(table))]));
