import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { WholeChainArch } from '@slipway/protocol';
import { measureImage } from './measure-image.ts';
import { IMAGE_HELP, parseImageOptions } from './options.ts';
import { openReferenceBuilder } from './reference-image.ts';
import { renderImageBench } from './report.ts';
import type { ImageBench, ImageMeasure } from './result.ts';

/**
 * `npm run bench -- image`
 *
 * @param root of the checkout
 * @returns exit status: 1 if a goal is missed
 */
export const benchImage = async (
  root: string,
  args: readonly string[],
  print: (line: string) => void,
): Promise<number> => {
  const options = parseImageOptions(args);
  if (options.help) {
    print(IMAGE_HELP);
    return 0;
  }
  const dir = resolve(options.dir ?? join(root, '.slipway', 'bench', 'image'));
  const json = resolve(options.json ?? join(dir, 'image.json'));
  const scratch = join(dir, 'images');
  await mkdir(dir, { recursive: true });
  const cache = resolve(options.cache ?? join(root, '.slipway', 'cache'));
  const build = await openReferenceBuilder(root, join(scratch, 'weighed'), cache, false);
  const announcing = await openReferenceBuilder(root, join(scratch, 'booted'), cache, true);
  const images: ImageMeasure[] = [];
  for (const arch of options.arch === undefined ? WholeChainArch.options : [options.arch]) {
    print(`building, weighing and booting the reference image for ${arch} …`);
    images.push(await measureImage(build, announcing, arch));
  }
  const result: ImageBench = { v: 1, bench: 'image', at: new Date().toISOString(), images };
  await mkdir(dirname(json), { recursive: true });
  await writeFile(json, `${JSON.stringify(result, null, 2)}\n`);
  if (!options.keep) await rm(scratch, { recursive: true, force: true });
  print(`\n${renderImageBench(result)}\n\n${json}`);
  return images.every(
    ({ slot, agent, goals, boot }) =>
      slot.compressed <= goals.slot && agent.compressed <= goals.agent && boot.cpuSeconds <= boot.goal,
  )
    ? 0
    : 1;
};
