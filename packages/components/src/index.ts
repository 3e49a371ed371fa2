/**
 * Where the files of an image come from: OCI layouts, Debian packages and npm runtimes, read into trees in memory and
 * written as tar and cpio. Used by `packages/image` and the CLI. Trusts no layer and no package: digests are checked,
 * names that leave the tree and device nodes are refused, no code of a component runs.
 */
export type { Component, Origin, ResolveOptions } from './component.ts';
export { OciConfig } from './oci-config.ts';
export { sortedEntries, type Tree, type TreeEntry } from './tree.ts';
export { encodeTar } from './tar-writer.ts';
export { encodeCpio } from './cpio.ts';
export { resolveComponent } from './resolve.ts';
export { nodeRuntime } from './node-runtime.ts';
