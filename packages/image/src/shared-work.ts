import type { Component, Content, Tree } from '@slipway/components';
import type { DescribedComponents } from './describe/component-sbom.ts';
import { digestContent } from './digest-content.ts';
import { kernelModules, type KernelModules } from './kernel-modules.ts';

/** Does work once for each key, however many ask for it and when; a failure is everybody's. */
export type Memo<T> = (key: string, work: () => Promise<T>) => Promise<T>;

export const createMemo = <T>(): Memo<T> => {
  const begun = new Map<string, Promise<T>>();
  return (key, work) => {
    const known = begun.get(key);
    if (known !== undefined) return known;
    const result = work();
    begun.set(key, result);
    return result;
  };
};

export type DescribedImage = { readonly described: DescribedComponents; readonly notices: string };

/** What builds of several classes in one run do once for all of them. What is made is shared, so nobody may change it. */
export type SharedWork = {
  /** components as they were resolved, by all that they depend on */
  readonly component: Memo<Component>;
  readonly initramfs: Memo<Buffer>;
  /** versions of programs */
  readonly program: Memo<string>;
  /** modules that one class has unpacked, others find so */
  readonly modulesOf: (tree: Tree, areSigned: boolean) => KernelModules;
  /** what is in components, for images that are made of the same ones */
  readonly described: (
    components: readonly Component[],
    describe: () => Promise<DescribedImage>,
  ) => Promise<DescribedImage>;
  /** @returns the SHA-256 of all bytes, hexadecimal */
  readonly digestOf: (content: Content) => string;
};

/** Files that others may change are not named by what they hold. */
const isStable = (content: Content): boolean => content instanceof Uint8Array || content.asOf === undefined;

const byIdentity = <K extends object, V>(make: (key: K) => V): ((key: K) => V) => {
  const made = new WeakMap<K, V>();
  return (key) => {
    const known = made.get(key);
    if (known !== undefined) return known;
    const value = make(key);
    made.set(key, value);
    return value;
  };
};

export const createSharedWork = (): SharedWork => {
  const stableDigest = byIdentity(digestContent);
  let count = 0;
  const numberOf = byIdentity<Component, number>(() => (count += 1));
  const described = createMemo<DescribedImage>();
  const signed = byIdentity((tree: Tree) => kernelModules(tree));
  const unsigned = byIdentity((tree: Tree) => kernelModules(tree, false));
  return {
    component: createMemo(),
    initramfs: createMemo(),
    program: createMemo(),
    modulesOf: (tree, areSigned) => (areSigned ? signed : unsigned)(tree),
    described: (components, describe) => described(components.map(numberOf).join(), describe),
    digestOf: (content) => (isStable(content) ? stableDigest(content) : digestContent(content)),
  };
};
