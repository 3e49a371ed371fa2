import type { Content, Lineage, Tree, TreeEntry } from '@slipway/components';
import { putDirectory, putFile, underDirectory } from '../tree-edit.ts';

/** A file, and whose it is. */
type From = Lineage & { readonly content: Content };

export type UkiParts = {
  readonly stub: From;
  readonly kernel: From;
  readonly initramfs: Tree;
  readonly commandLine: string;
};

/** Where lists of contents tell what is in the UKI, which lies beside the root: its parts by the names of their sections. */
export const UKI_FOLDER = 'uki.efi';

const lineageOf = ({ source, part, layer }: Lineage): Lineage => ({ source, part, layer });

/** Entries for what the firmware starts, which is in no file of the root; of the initramfs the files as they are unpacked. */
export const ukiContents = ({
  stub,
  kernel,
  initramfs,
  commandLine,
}: UkiParts): ReadonlyMap<string, TreeEntry> => {
  const tree: Tree = new Map();
  putFile(tree, `${UKI_FOLDER}/stub`, stub.content, lineageOf(stub));
  putFile(tree, `${UKI_FOLDER}/linux`, kernel.content, lineageOf(kernel));
  putFile(tree, `${UKI_FOLDER}/cmdline`, commandLine);
  putDirectory(tree, `${UKI_FOLDER}/initrd`);
  for (const entry of initramfs.values()) {
    const placed = underDirectory(entry, `${UKI_FOLDER}/initrd`);
    tree.set(placed.path, placed);
  }
  return tree;
};
