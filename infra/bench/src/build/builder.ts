import type { OUTPUTS } from './result.ts';

export type Output = (typeof OUTPUTS)[number];

/** One build, for either builder. */
export type Request = {
  readonly output: Output;
  /** of the image file: 1, or 2 and up where one service has changed */
  readonly version: number;
  readonly outDir: string;
  readonly cacheDir: string;
};

/** Files of an output, in either builder's naming. */
export const outputName = (output: Output): string => (output === 'tar' ? 'bench.tar' : 'bench-initrd.img');
