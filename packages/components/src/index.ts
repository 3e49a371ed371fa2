/**
 * Where the files of an image come from: OCI layouts, Debian packages and npm runtimes, read into trees in memory and
 * written as tar and cpio. Used by `packages/image` and the CLI. Trusts no layer and no package: digests are checked,
 * names that leave the tree and device nodes are refused, no code of a component runs; the one exception, what RUN of a
 * Dockerfile says, has to be allowed by the caller.
 */
export type { Component, ResolveOptions } from './component.ts';
export {
  contentSize,
  extentsOf,
  fileState,
  readContent,
  readRange,
  type Content,
  type Extent,
  type StoredContent,
} from './content.ts';
export { ELF_HEADER_BYTES, elfReader, elfShape, type ElfReader } from './elf-reader.ts';
export {
  replacing,
  sortedEntries,
  type Layer,
  type Lineage,
  type Removed,
  type Replaced,
  type Tree,
  type TreeEntry,
} from './tree.ts';
export { chunksOf, type Piece } from './pieces.ts';
export { archiveOrder, encodeTar, tarPieces } from './tar-writer.ts';
export { CPIO_TRAILER, cpioEntries, encodeCpio, MAX_CPIO_FILE_BYTES } from './cpio.ts';
export { layerEntries, type LayerSource } from './layer-store.ts';
export { createTarParser, type TarData, type TarHeader } from './tar-parser.ts';
export { cancellationSignal, withCancellation } from './cancellation.ts';
export type { DockerfileFacts } from './dockerfile/component.ts';
export { dockerfileBuildsOf, type DockerfileBuilds } from './dockerfile/engine.ts';
export { dockerfileReferences } from './dockerfile/plan.ts';
export { resolveComponent } from './resolve.ts';
export { nodeRuntime, nodeRuntimePin } from './node-runtime.ts';
export { DebPackage } from './debian/resolve-packages.ts';
export { resolvePackageSet, type ResolvedSet, type SourceState } from './debian/resolve-set.ts';
export { createLayeredTree, type LayeredTree } from './layered-tree.ts';
export { decodeTar, storedContent, type TarEntry } from './tar-reader.ts';
export { ORIGINS_LABEL, Origin } from './origin.ts';
export { writeOciLayout, type PlatformImage } from './oci-writer.ts';
export { ComponentFile, packComponent, type PackOptions } from './pack.ts';
export { packRepository } from './pack-repository.ts';
export { markUsed } from './cache/mark-used.ts';
export { isAbandoned, ownerName } from './process-owner.ts';
export { sideBySide } from './side-by-side.ts';
export { writeAtomically } from './write-atomically.ts';
