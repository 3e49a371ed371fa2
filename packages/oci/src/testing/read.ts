import { codeOf } from '@slipway/protocol';
import { buffer } from 'node:stream/consumers';
import type { OciImage } from '../image.ts';

/** Every layer as it is stored. */
export const layersRead = async (image: OciImage): Promise<Buffer[]> =>
  Promise.all(image.layers.map(async (layer) => buffer(await layer.open())));

/** The code of what goes wrong. */
export const codeFrom = async (doing: Promise<unknown>): Promise<string> =>
  doing.then(
    () => 'none',
    (error: unknown) => codeOf(error),
  );
