import type { Piece } from '@slipway/components';

/** So many zeros, without memory for them. */
export const holeOf = (size: number): Piece => ({ file: '/dev/null', offset: 0, size, extents: [] });
