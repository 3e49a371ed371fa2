import type { Component, Tree } from '@slipway/components';
import { parseImageFiles, type ImageFile } from '@slipway/image-spec';
import { linuxkitTree } from '../linuxkit-tree.ts';
import { textAt, treeOf } from './listing.ts';

/** An image as a test writes it down: a table of its files, and how it starts. */
export type TestImage = { readonly files?: string | Tree; readonly config?: Component['config'] };

export type TestBuild = {
  /** by reference */
  readonly images?: Readonly<Record<string, TestImage>>;
  readonly sourceDir?: string;
  readonly home?: string;
  readonly decompressKernel?: boolean;
};

const componentOf = (ref: string, { files = '', config = {} }: TestImage): Component => ({
  ref,
  tree: typeof files === 'string' ? treeOf(files) : files,
  config,
  origins: [],
});

export const parse = (...texts: string[]): ImageFile =>
  parseImageFiles(
    texts.map((text, index) => ({ name: `image-${index}.yml`, text })),
    { paths: 'working-directory' },
  );

/** Builds the tree of an image file; images that the test does not describe are empty. */
export const build = async (yaml: string, options: TestBuild = {}): Promise<Tree> => {
  const { images = {}, sourceDir = '/nowhere', ...rest } = options;
  const spec = parse(yaml);
  const component = (ref: string): Component => componentOf(ref, images[ref] ?? {});
  return linuxkitTree({
    spec,
    sourceDir,
    ...rest,
    components: {
      kernel: spec.kernel === undefined ? undefined : component(spec.kernel.image),
      init: spec.init.map(component),
      volumes: spec.volumes.map(({ image }) => (image === undefined ? undefined : component(image))),
      onboot: spec.onboot.map(({ image }) => component(image)),
      onshutdown: spec.onshutdown.map(({ image }) => component(image)),
      services: spec.services.map(({ image }) => component(image)),
    },
  });
};

export const jsonAt = (tree: Tree, path: string): unknown => JSON.parse(textAt(tree, path));
