/**
 * Where the files of an image come from: OCI layouts, Debian packages and npm runtimes, read into trees in memory and
 * written as tar and cpio. Used by `packages/image` and the CLI. Trusts no layer and no package: digests are checked,
 * names that leave the tree and device nodes are refused, no code of a component runs.
 */
export type { Component, ResolveOptions } from './component.ts';
export { OciConfig } from './oci-config.ts';
export { sortedEntries, type Tree, type TreeEntry } from './tree.ts';
export { encodeTar } from './tar-writer.ts';
export { encodeCpio } from './cpio.ts';
export { resolveComponent } from './resolve.ts';
export { nodeRuntime } from './node-runtime.ts';
export { createLayeredTree, type LayeredTree } from './layered-tree.ts';
export { decodeTar, type TarEntry } from './tar-reader.ts';
export { ORIGINS_LABEL, Origin } from './origin.ts';
export { writeOciLayout, type PlatformImage } from './oci-writer.ts';
export { ComponentFile, packComponent, type PackOptions } from './pack.ts';
export { packRepository } from './pack-repository.ts';
