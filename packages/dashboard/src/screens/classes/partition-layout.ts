export type Partition = {
  readonly name: 'esp' | 'root-a' | 'root-b' | 'data';
  readonly size: number;
  /** bytes that the last build takes of it; undefined: nothing is known */
  readonly used: number | undefined;
};

/**
 * As they lie on the disk. Both roots are alike, and so is what a build takes of either once it is installed; the ESP holds a
 * kernel for each.
 */
export const layoutOf = (
  { esp, root, data }: { readonly esp: number; readonly root: number; readonly data: number },
  used?: { readonly root: number | undefined; readonly esp: number | undefined },
): readonly Partition[] => [
  { name: 'esp', size: esp, used: used?.esp === undefined ? undefined : 2 * used.esp },
  { name: 'root-a', size: root, used: used?.root },
  { name: 'root-b', size: root, used: used?.root },
  { name: 'data', size: data, used: undefined },
];
