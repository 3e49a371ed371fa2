import {
  createLayeredTree,
  createTarParser,
  decodeTar,
  readContent,
  readRange,
  storedContent,
  type Content,
  type TarEntry,
  type Tree,
} from '@slipway/components';

const CHUNK_BYTES = 1024 * 1024;
const EMPTY = new Uint8Array();

/** The entries of a tar that is itself a file of a layer: contents stay where they lie. */
const entriesOf = (archive: Content, source: string): TarEntry[] => {
  if (archive instanceof Uint8Array) return decodeTar(archive, source);
  if (archive.extents !== undefined) return decodeTar(readContent(archive), source);
  const entries: TarEntry[] = [];
  const parser = createTarParser(source, (header, data) => {
    const place = { ...data, offset: archive.offset + data.offset };
    entries.push({ ...header, content: header.type === 'file' ? storedContent(archive.file, place) : EMPTY });
  });
  for (let at = 0; at < archive.size; at += CHUNK_BYTES) parser.push(readRange(archive, at, CHUNK_BYTES));
  parser.end();
  return entries;
};

/**
 * What a kernel image brings for the root, mostly modules.
 *
 * @throws {SlipwayError} COMPONENT_INVALID, LAYER_UNSAFE
 */
export const readKernelTar = (archive: Content, source: string): Tree => {
  const layered = createLayeredTree();
  layered.apply(entriesOf(archive, source), { source, whiteouts: false, keepDirectorySymlinks: false });
  return layered.toTree();
};
